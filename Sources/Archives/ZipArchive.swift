/// A zip file's list of entries and their contents: stored or deflated, with or without the 64-bit extension.
///
/// Formats: PKWARE APPNOTE 6.3, sections 4.3 and 4.5.3. Encrypted and multi-disk archives are refused. Every offset is
/// checked, so any bytes are safe to open.
public struct ZipArchive: Sendable {
  /// One file in the archive.
  public struct Entry: Sendable, Equatable {
    /// Its path, `/` between folders.
    public let name: String
    /// Bytes in the archive.
    public let compressedBytes: Int
    /// Bytes after decompression, as the archive states them.
    public let uncompressedBytes: Int
    /// Whether it lies in the archive as it is.
    public var isStored: Bool { method == 0 }
    let method: UInt16
    let isEncrypted: Bool
    let checksum: UInt32
    let localHeaderOffset: Int
  }

  /// All entries in the order of the archive's directory; folders (names that end in `/`) are left out.
  public let entries: [Entry]
  /// The archive's bytes: a stored entry can be read in place at `dataOffset(of:)`.
  public let source: ByteSource

  /// Whether `source` begins as a zip file does.
  public static func isZip(_ source: ByteSource) -> Bool {
    source.starts(with: [0x50, 0x4B, 3, 4]) || source.starts(with: [0x50, 0x4B, 5, 6])
  }

  /// Reads the list of entries of the file at `path`.
  public init(contentsOf path: String) throws(ArchiveError) { try self.init(ByteSource(contentsOf: path)) }

  /// Reads the list of entries of `source`.
  public init(_ source: ByteSource) throws(ArchiveError) {
    self.source = source
    entries = try ZipDirectory(source).entries()
  }

  /// The entry called `name`, or nil. Of several with one name the last counts, as for every zip reader.
  public func entry(named name: String) -> Entry? { entries.last { $0.name == name } }

  /// Where the data of `entry` begin in `source`; they are wholly inside.
  public func dataOffset(of entry: Entry) throws(ArchiveError) -> Int {
    let header = entry.localHeaderOffset
    guard source.littleEndian(UInt32.self, at: header) == 0x0403_4B50,
      let nameBytes = source.littleEndian(UInt16.self, at: header + 26),
      let extraBytes = source.littleEndian(UInt16.self, at: header + 28)
    else { throw ArchiveError("\(source.name) is damaged: the header of \(entry.name) is not where it should be.") }
    let offset = header + 30 + Int(nameBytes) + Int(extraBytes)
    guard offset <= source.count, entry.compressedBytes <= source.count - offset else {
      throw ArchiveError("\(source.name) ends in the middle of \(entry.name): fetch it again.")
    }
    return offset
  }

  /// The decompressed bytes of `entry`.
  ///
  /// - Parameters:
  ///   - entry: an entry of this archive.
  ///   - limit: entries that state more bytes than this are refused.
  ///   - checksChecksum: false skips the CRC-32, which some writers leave out.
  public func contents(
    of entry: Entry, limit: Int = 4 << 30, checksChecksum: Bool = true
  ) throws(ArchiveError) -> [UInt8] {
    let name = "\(source.name):\(entry.name)"
    guard !entry.isEncrypted else { throw ArchiveError("\(name) is encrypted, which Martlet does not read.") }
    guard entry.uncompressedBytes <= limit else {
      throw ArchiveError("\(name) states \(entry.uncompressedBytes) bytes; more than \(limit) are refused.")
    }
    let offset = try dataOffset(of: entry)
    let bytes: [UInt8]
    switch entry.method {
    case 0:
      guard entry.compressedBytes == entry.uncompressedBytes,
        let stored = source.bytes(at: offset, count: entry.compressedBytes)
      else { throw ArchiveError("\(name) is damaged: its two sizes differ although it is stored.") }
      bytes = stored
    case 8:
      bytes = try inflate(entry, at: offset, name: name)
    default:
      throw ArchiveError(
        "\(name) is compressed by method \(entry.method), which Martlet does not read: store or deflate it.")
    }
    guard !checksChecksum || bytes.withUnsafeBytes({ Inflate.crc32($0) }) == entry.checksum else {
      throw ArchiveError("\(name) is damaged: its checksum does not match.")
    }
    return bytes
  }

  private func inflate(_ entry: Entry, at offset: Int, name: String) throws(ArchiveError) -> [UInt8] {
    var result: Result<[UInt8], ArchiveError> = .success([])
    source.withUnsafeBytes { all in
      let compressed = UnsafeRawBufferPointer(rebasing: all[offset..<offset + entry.compressedBytes])
      result = Result { () throws(ArchiveError) in
        try Inflate.bytes(compressed, wrapper: .none, size: entry.uncompressedBytes, name: name)
      }
    }
    return try result.get()
  }
}
