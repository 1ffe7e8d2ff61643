import Foundation

/// Memory between two pages that cannot be touched: one byte read or written behind its end stops the test process, and
/// so does one before its first 64-byte boundary page.
final class GuardedMemory {
  let bytes: UnsafeMutableRawBufferPointer
  private let mapping: UnsafeMutableRawPointer
  private let mappingBytes: Int

  /// `count` bytes whose end is the guard page; 64-byte aligned when `count` is a multiple of 64.
  init(count: Int) {
    let page = 4096
    let inner = (max(count, 1) + page - 1) / page * page
    mappingBytes = inner + 2 * page
    guard
      let mapping = mmap(nil, mappingBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      mapping != MAP_FAILED
    else { fatalError("no memory for a test") }
    self.mapping = mapping
    mprotect(mapping, page, PROT_NONE)
    mprotect(mapping + page + inner, page, PROT_NONE)
    bytes = UnsafeMutableRawBufferPointer(start: mapping + page + inner - count, count: count)
  }

  /// A copy of these bytes, 64-byte aligned; the guard page follows the last of them, rounded up to 64.
  convenience init(copying source: [UInt8]) {
    self.init(count: (source.count + 63) / 64 * 64)
    bytes.copyBytes(from: source)
    model = UnsafeRawBufferPointer(rebasing: bytes[0..<source.count])
  }

  /// The bytes copied from an array.
  private(set) lazy var model = UnsafeRawBufferPointer(bytes)

  /// Fills everything before the bytes in their page, too.
  func poison(_ value: UInt8) {
    memset(mapping + 4096, Int32(value), mappingBytes - 2 * 4096)
  }

  /// True when the bytes before the first one still have the poison's value.
  func isUntouchedBefore(_ value: UInt8) -> Bool {
    let first = mapping + 4096
    let count = bytes.baseAddress.map { $0 - first } ?? 0
    return UnsafeRawBufferPointer(start: first, count: count).allSatisfy { $0 == value }
  }

  deinit { munmap(mapping, mappingBytes) }
}
