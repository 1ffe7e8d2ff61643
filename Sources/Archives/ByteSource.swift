import Foundation

/// The bytes of one file, read with bounds checks: no offset, however large or negative, reads outside.
public struct ByteSource: Sendable {
  /// What messages call these bytes, as a rule the file's path.
  public let name: String
  private let data: Data

  /// Number of bytes.
  public var count: Int { data.count }

  /// The given bytes.
  public init(_ bytes: some Sequence<UInt8>, name: String) {
    self.name = name
    self.data = Data(bytes)
  }

  /// Maps the file at `path`; throws a sentence where it is absent, a folder or unreadable.
  public init(contentsOf path: String) throws(ArchiveError) {
    name = path
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw ArchiveError("\(path) does not exist.")
    }
    guard !isDirectory.boolValue else { throw ArchiveError("\(path) is a folder; a file is needed.") }
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw ArchiveError("\(path) cannot be read: check that it is a file that you may read.")
    }
  }

  /// The byte at `offset`, or nil outside.
  public subscript(offset: Int) -> UInt8? {
    offset >= 0 && offset < count ? data[offset] : nil
  }

  /// The little-endian integer at `offset`, or nil where it does not lie wholly inside.
  public func littleEndian<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type = Integer.self, at offset: Int
  ) -> Integer? {
    let size = MemoryLayout<Integer>.size
    guard offset >= 0, count >= size, offset <= count - size else { return nil }
    return data.withUnsafeBytes { Integer(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Integer.self)) }
  }

  /// The big-endian integer at `offset`, or nil where it does not lie wholly inside.
  public func bigEndian<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type = Integer.self, at offset: Int
  ) -> Integer? {
    littleEndian(type, at: offset)?.byteSwapped
  }

  /// A copy of `count` bytes from `offset` on, or nil where they do not lie wholly inside.
  public func bytes(at offset: Int, count length: Int) -> [UInt8]? {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
    return data.withUnsafeBytes { [UInt8]($0[offset..<offset + length]) }
  }

  /// Whether the bytes begin with `prefix`.
  public func starts(with prefix: some Collection<UInt8>) -> Bool { data.starts(with: prefix) }

  /// Gives all bytes to `body`.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try data.withUnsafeBytes(body)
  }
}
