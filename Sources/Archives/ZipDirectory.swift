/// Reads a zip file's central directory.
struct ZipDirectory {
  private let source: ByteSource

  init(_ source: ByteSource) { self.source = source }

  func entries() throws(ArchiveError) -> [ZipArchive.Entry] {
    let (start, count) = try location()
    var entries: [ZipArchive.Entry] = []
    var offset = start
    for _ in 0..<count {
      let (entry, bytes) = try readEntry(at: offset)
      if !entry.name.hasSuffix("/") { entries.append(entry) }
      offset += bytes
    }
    return entries
  }

  private var damaged: ArchiveError {
    ArchiveError("\(source.name) is not a whole zip file: its directory is missing or damaged. Fetch it again.")
  }

  /// Where the central directory starts and how many entries it has, from the end record (4.3.16) or, where that says
  /// "too large for me", from the 64-bit one (4.3.14).
  private func location() throws(ArchiveError) -> (start: Int, count: Int) {
    guard let end = endRecordOffset(),
      let disk = source.littleEndian(UInt16.self, at: end + 4),
      let count = source.littleEndian(UInt16.self, at: end + 10),
      let start = source.littleEndian(UInt32.self, at: end + 16)
    else { throw damaged }
    if count != .max && start != .max {
      guard disk == 0 else { throw ArchiveError("\(source.name) is a part of a split zip file: join the parts.") }
      return (Int(start), Int(count))
    }
    guard source.littleEndian(UInt32.self, at: end - 20) == 0x0706_4B50,
      let wide = integer64(at: end - 20 + 8),
      source.littleEndian(UInt32.self, at: wide) == 0x0606_4B50,
      let wideCount = integer64(at: wide + 32),
      let wideStart = integer64(at: wide + 48),
      // An entry takes at least 46 bytes, so a count that cannot be true ends here.
      wideCount <= source.count / 46
    else { throw damaged }
    return (wideStart, wideCount)
  }

  /// The end record lies in the last 22 bytes or before a comment of at most 65,535 bytes that fills the file.
  private func endRecordOffset() -> Int? {
    guard source.count >= 22 else { return nil }
    let first = max(0, source.count - 22 - 65535)
    return source.withUnsafeBytes { bytes in
      for offset in stride(from: bytes.count - 22, through: first, by: -1)
      where bytes[offset] == 0x50 && bytes[offset + 1] == 0x4B && bytes[offset + 2] == 5 && bytes[offset + 3] == 6 {
        let comment = Int(bytes[offset + 20]) | Int(bytes[offset + 21]) << 8
        if offset + 22 + comment == bytes.count { return offset }
      }
      return nil
    }
  }

  /// A 64-bit size or offset, or nil where it is so large that a later sum could overflow.
  private func integer64(at offset: Int) -> Int? {
    guard let value = source.littleEndian(UInt64.self, at: offset), value <= UInt64(Int.max / 4) else { return nil }
    return Int(value)
  }

  private func readEntry(at offset: Int) throws(ArchiveError) -> (ZipArchive.Entry, bytes: Int) {
    guard source.littleEndian(UInt32.self, at: offset) == 0x0201_4B50,
      let flags = source.littleEndian(UInt16.self, at: offset + 8),
      let method = source.littleEndian(UInt16.self, at: offset + 10),
      let checksum = source.littleEndian(UInt32.self, at: offset + 16),
      let nameBytes = source.littleEndian(UInt16.self, at: offset + 28),
      let extraBytes = source.littleEndian(UInt16.self, at: offset + 30),
      let commentBytes = source.littleEndian(UInt16.self, at: offset + 32),
      let name = source.bytes(at: offset + 46, count: Int(nameBytes))
    else { throw damaged }
    // The 64-bit extra field holds, in this order, those of the three that are 0xFFFFFFFF in the entry itself.
    let extraOffset = offset + 46 + Int(nameBytes)
    var wideOffset = wideFieldsOffset(from: extraOffset, to: extraOffset + Int(extraBytes))
    let uncompressed = try field(at: offset + 24, wide: &wideOffset)
    let compressed = try field(at: offset + 20, wide: &wideOffset)
    let header = try field(at: offset + 42, wide: &wideOffset)
    let entry = ZipArchive.Entry(
      name: String(decoding: name, as: UTF8.self), compressedBytes: compressed, uncompressedBytes: uncompressed,
      method: method, isEncrypted: flags & 1 != 0, checksum: checksum, localHeaderOffset: header)
    return (entry, 46 + Int(nameBytes) + Int(extraBytes) + Int(commentBytes))
  }

  private func field(at offset: Int, wide: inout Int?) throws(ArchiveError) -> Int {
    guard let value = source.littleEndian(UInt32.self, at: offset) else { throw damaged }
    guard value == .max else { return Int(value) }
    guard let wideOffset = wide, let wideValue = integer64(at: wideOffset) else { throw damaged }
    wide = wideOffset + 8
    return wideValue
  }

  private func wideFieldsOffset(from start: Int, to end: Int) -> Int? {
    var offset = start
    while offset + 4 <= end, let tag = source.littleEndian(UInt16.self, at: offset),
      let bytes = source.littleEndian(UInt16.self, at: offset + 2)
    {
      if tag == 1 { return offset + 4 }
      offset += 4 + Int(bytes)
    }
    return nil
  }
}
