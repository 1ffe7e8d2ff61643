import Foundation

/// Element buffers that are used again instead of being returned to the system, which would hand them back page by
/// page. Buffers are kept by their exact size.
final class BufferPool: @unchecked Sendable {
  private let lock = NSLock()
  private var buffers: [Int: [[Float]]] = [:]

  /// A buffer of `count` elements with old contents, if there is one.
  func take(_ count: Int) -> [Float]? {
    lock.withLock { buffers[count]?.popLast() }
  }

  /// Keeps a buffer for later.
  func give(_ buffer: consuming [Float]) {
    let buffer = buffer
    lock.withLock { buffers[buffer.count, default: []].append(buffer) }
  }
}
