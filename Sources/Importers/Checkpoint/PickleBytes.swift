import Archives

/// The operands of opcodes.
extension PickleMachine {
  mutating func byte() throws(CheckpointError) -> UInt8 { try integer(UInt8.self) }

  mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type
  ) throws(CheckpointError) -> Integer {
    guard let value = source.littleEndian(type, at: offset) else { throw fail("it ends in the middle") }
    offset += MemoryLayout<Integer>.size
    return value
  }

  mutating func bytes(_ count: Int) throws(CheckpointError) -> [UInt8] {
    guard let bytes = source.bytes(at: offset, count: count) else { throw fail("it ends in the middle") }
    offset += count
    return bytes
  }

  mutating func text(_ count: Int) throws(CheckpointError) -> String {
    String(decoding: try bytes(count), as: UTF8.self)
  }

  /// The text up to the next line feed, which is skipped.
  mutating func line() throws(CheckpointError) -> String {
    var bytes: [UInt8] = []
    while true {
      let next = try byte()
      if next == 0x0A { return String(decoding: bytes, as: UTF8.self) }
      guard bytes.count < 1024 else { throw fail("a name is longer than 1024 bytes") }
      bytes.append(next)
    }
  }
}
