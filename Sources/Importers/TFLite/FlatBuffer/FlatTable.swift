/// One table of a FlatBuffer: fields by index, absent ones with their defaults.
struct FlatTable {
  let buffer: FlatBuffer
  /// Offset in the file.
  let position: Int
  private let fieldOffsets: Int
  private let fieldCount: Int
  private let byteCount: Int

  /// The table at an offset, whose list of field offsets (its vtable) is checked.
  init(_ buffer: FlatBuffer, at position: Int) throws(FlatBufferFault) {
    let distance = Int(try buffer.integer(at: position, as: Int32.self))
    let (start, overflow) = position.subtractingReportingOverflow(distance)
    guard !overflow, start >= 0 else {
      throw FlatBufferFault(offset: position, reason: "a table's field list lies outside the file")
    }
    let listBytes = Int(try buffer.integer(at: start, as: UInt16.self))
    guard listBytes >= 4, listBytes % 2 == 0 else {
      throw FlatBufferFault(offset: start, reason: "a table's field list has an impossible size")
    }
    try buffer.expect(start, bytes: listBytes)
    byteCount = Int(try buffer.integer(at: start + 2, as: UInt16.self))
    guard byteCount >= 4 else { throw FlatBufferFault(offset: start, reason: "a table has an impossible size") }
    try buffer.expect(position, bytes: byteCount)
    self.buffer = buffer
    self.position = position
    fieldOffsets = start + 4
    fieldCount = (listBytes - 4) / 2
  }

  /// Where a field of some bytes lies; nil when it is absent.
  private func place(_ field: Int, bytes: Int) throws(FlatBufferFault) -> Int? {
    guard field < fieldCount else { return nil }
    let offset = Int(try buffer.integer(at: fieldOffsets + 2 * field, as: UInt16.self))
    guard offset != 0 else { return nil }
    guard offset >= 4, offset + bytes <= byteCount else {
      throw FlatBufferFault(offset: position, reason: "field \(field) of a table lies outside the table")
    }
    return position + offset
  }

  /// An integer field.
  func integer<Integer: FixedWidthInteger>(
    _ field: Int, as type: Integer.Type = Int32.self, default value: Int = 0
  ) throws(FlatBufferFault) -> Int {
    guard let place = try place(field, bytes: Integer.bitWidth / 8) else { return value }
    return Int(truncatingIfNeeded: try buffer.integer(at: place, as: Integer.self))
  }

  /// A float32 field.
  func float(_ field: Int, default value: Float = 0) throws(FlatBufferFault) -> Float {
    guard let place = try place(field, bytes: 4) else { return value }
    return Float(bitPattern: try buffer.integer(at: place, as: UInt32.self))
  }

  /// A field that is a table.
  func table(_ field: Int) throws(FlatBufferFault) -> FlatTable? {
    guard let place = try place(field, bytes: 4) else { return nil }
    return try FlatTable(buffer, at: try buffer.target(of: place))
  }

  /// A field that is a list of tables; empty when absent.
  func tables(_ field: Int) throws(FlatBufferFault) -> [FlatTable] {
    guard let place = try place(field, bytes: 4) else { return [] }
    let list = try buffer.vector(at: try buffer.target(of: place), elementBytes: 4)
    try buffer.spend(list.count, at: list.bytes.lowerBound)
    var result: [FlatTable] = []
    for index in 0..<list.count {
      result.append(try FlatTable(buffer, at: try buffer.target(of: list.bytes.lowerBound + 4 * index)))
    }
    return result
  }

  /// A field that is a list of integers; nil when absent.
  func integers<Integer: FixedWidthInteger>(
    _ field: Int, as type: Integer.Type = Int32.self
  ) throws(FlatBufferFault) -> [Int]? {
    guard let place = try place(field, bytes: 4) else { return nil }
    let size = Integer.bitWidth / 8
    let list = try buffer.vector(at: try buffer.target(of: place), elementBytes: size)
    try buffer.spend(list.count, at: list.bytes.lowerBound)
    var result: [Int] = []
    for index in 0..<list.count {
      let value = try buffer.integer(at: list.bytes.lowerBound + size * index, as: Integer.self)
      result.append(Int(truncatingIfNeeded: value))
    }
    return result
  }

  /// A field that is a list of float32; nil when absent.
  func floats(_ field: Int) throws(FlatBufferFault) -> [Float]? {
    try integers(field, as: UInt32.self)?.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
  }

  /// A field that is a list of bytes, as a range of the file; nil when absent.
  func byteRange(_ field: Int) throws(FlatBufferFault) -> Range<Int>? {
    guard let place = try place(field, bytes: 4) else { return nil }
    return try buffer.vector(at: try buffer.target(of: place), elementBytes: 1).bytes
  }

  /// A text field, bad UTF-8 repaired; empty when absent.
  func text(_ field: Int) throws(FlatBufferFault) -> String {
    guard let range = try byteRange(field) else { return "" }
    try buffer.spend(range.count, at: range.lowerBound)
    return String(decoding: buffer.bytes[range], as: UTF8.self)
  }
}
