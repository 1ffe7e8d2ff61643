import CHost
import Foundation

/// A file's bytes where the operating system maps them, for as long as this object lives.
final class MappedFile: @unchecked Sendable {
  let path: String
  let bytes: UnsafeRawBufferPointer

  init(_ path: String) throws {
    var start: UnsafeRawPointer?
    var count = 0
    let code = martlet_host_map_file(path, &start, &count)
    guard code == 0, let start else {
      let reason = code == EINVAL ? "the file is empty" : String(cString: strerror(code))
      throw ToolError("\(path) cannot be read: \(reason). Check the path and try again.")
    }
    self.path = path
    bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  /// Bytes that were made in memory, in pages of their own; `path` is for messages.
  init(_ path: String, bytes: [UInt8]) throws {
    guard let pages = martlet_host_allocate_pages(bytes.count) else {
      throw ToolError("\(path): there is no memory for \(bytes.count.grouped) bytes; close other programs.")
    }
    let copy = UnsafeMutableRawBufferPointer(start: pages, count: bytes.count)
    copy.copyBytes(from: bytes)
    self.path = path
    self.bytes = UnsafeRawBufferPointer(copy)
  }

  deinit {
    martlet_host_unmap_file(bytes.baseAddress, bytes.count)
  }

  /// A copy of the bytes.
  func copy() -> [UInt8] { withBytes { Array($0) } }

  /// Calls `body` with the bytes, which stay mapped until it returns. A pointer from `bytes` may outlive the mapping: this
  /// object can end right after its last use.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(bytes) }
  }

  /// Whether these are the first bytes of a packed model.
  static func isPackedModel(_ path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path), let start = try? handle.read(upToCount: 8) else {
      return false
    }
    return Array(start) == Array("MARTLET\n".utf8)
  }
}
