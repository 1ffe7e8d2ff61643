import Martlet

/// Bytes of one section as they grow.
struct SectionWriter {
  private(set) var bytes: [UInt8] = []

  /// Appends a record's bytes as they lie in memory: hosts are little-endian, as the format is.
  mutating func append<Record: BitwiseCopyable>(_ record: Record) {
    withUnsafeBytes(of: record) { bytes.append(contentsOf: $0) }
  }

  /// Appends bytes at the next multiple of 64 and says where they are.
  mutating func appendAligned(_ content: UnsafeRawBufferPointer) -> Extent {
    guard !content.isEmpty else { return Extent() }
    bytes.append(contentsOf: repeatElement(0, count: -bytes.count & 63))
    let offset = bytes.count
    bytes.append(contentsOf: content)
    return Extent(offset: UInt32(truncatingIfNeeded: offset), bytes: UInt32(truncatingIfNeeded: content.count))
  }
}

/// Names, each stored once.
struct TextWriter {
  private(set) var section = SectionWriter()
  private var known: [String: Extent] = [:]

  /// Where a name is, as `storedName` cuts it.
  mutating func append(_ name: String) -> Extent {
    let utf8 = Array(storedName(name).utf8)
    guard !utf8.isEmpty else { return Extent() }
    if let extent = known[name] { return extent }
    let extent = Extent(offset: UInt32(section.bytes.count), bytes: UInt32(utf8.count))
    for byte in utf8 { section.append(byte) }
    known[name] = extent
    return extent
  }
}

/// A name as the packed file has it: longer ones than the format allows are cut between characters.
func storedName(_ name: String) -> String {
  let utf8 = Array(name.utf8)
  guard utf8.count > Limits.nameBytes else { return name }
  var end = Limits.nameBytes
  while end > 0, utf8[end] & 0xC0 == 0x80 { end -= 1 }
  return String(decoding: utf8[..<end], as: UTF8.self)
}
