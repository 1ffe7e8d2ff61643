import Foundation

/// Element buffers that are used again instead of being returned to the system, which would hand them back page by
/// page. Buffers are kept by their exact size, and never more of a size than were asked for: buffers that came from
/// elsewhere do not pile up.
final class BufferPool: @unchecked Sendable {
  private let lock = NSLock()
  private var buffers: [Int: [[Float]]] = [:]
  /// By size, how many were asked for and have not come back.
  private var lent: [Int: Int] = [:]

  /// A buffer of `count` elements with old contents, if there is one; else the caller makes one.
  func take(_ count: Int) -> [Float]? {
    lock.withLock {
      lent[count, default: 0] += 1
      return buffers[count]?.popLast()
    }
  }

  /// Keeps a buffer for later.
  func give(_ buffer: consuming [Float]) {
    let buffer = buffer
    lock.withLock {
      guard let missing = lent[buffer.count], missing > 0 else { return }
      lent[buffer.count] = missing - 1
      buffers[buffer.count, default: []].append(buffer)
    }
  }

  /// Buffers that are kept.
  var keptCount: Int { lock.withLock { buffers.values.reduce(0) { $0 + $1.count } } }
}
