import Foundation

/// A field of a FlatBuffer table, for files that tests make.
indirect enum FlatField: Sendable {
  case byte(Int)
  case integer(Int)
  case long(Int)
  case float(Float)
  case text(String)
  case bytes([UInt8])
  case integers([Int])
  case longs([Int])
  case floats([Float])
  case table([Int: FlatField])
  case tables([[Int: FlatField]])
}

/// Writes tables front to back: each one's field list, the table, then what it points to.
struct FlatBufferWriter {
  private(set) var bytes: [UInt8] = [0, 0, 0, 0] + Array("TFL3".utf8)

  /// A file with this root table.
  static func file(_ root: [Int: FlatField]) -> [UInt8] {
    var writer = FlatBufferWriter()
    writer.point(from: 0) { $0.append(table: root) }
    return writer.bytes
  }

  private mutating func align(_ size: Int) {
    while bytes.count % size != 0 { bytes.append(0) }
  }

  private mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private mutating func store(_ value: UInt32, at offset: Int) {
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }

  private mutating func point(from offset: Int, to write: (inout FlatBufferWriter) -> Int) {
    let target = write(&self)
    store(UInt32(target - offset), at: offset)
  }

  private mutating func append(table: [Int: FlatField]) -> Int {
    align(8)
    let count = (table.keys.max() ?? -1) + 1
    let listBytes = (4 + 2 * count + 7) / 8 * 8
    let order = table.keys.sorted()
    append(UInt16(4 + 2 * count))
    append(UInt16(8 + 8 * order.count))
    for field in 0..<count { append(UInt16(order.firstIndex(of: field).map { 8 + 8 * $0 } ?? 0)) }
    align(8)
    let position = bytes.count
    append(Int32(listBytes))
    append(UInt32(0))
    for field in order { append(inline: table[field]!) }
    for (slot, field) in order.enumerated() { appendTarget(of: table[field]!, from: position + 8 + 8 * slot) }
    return position
  }

  private mutating func append(inline field: FlatField) {
    switch field {
    case .byte(let value): append(UInt64(UInt8(truncatingIfNeeded: value)))
    case .integer(let value): append(UInt64(UInt32(truncatingIfNeeded: value)))
    case .long(let value): append(value)
    case .float(let value): append(UInt64(value.bitPattern))
    default: append(UInt64(0))
    }
  }

  private mutating func appendTarget(of field: FlatField, from offset: Int) {
    switch field {
    case .byte, .integer, .long, .float: return
    case .table(let table): point(from: offset) { $0.append(table: table) }
    case .tables(let tables):
      point(from: offset) { writer in
        let start = writer.appendList(tables) { writer, _ in writer.append(UInt32(0)) }
        for (index, table) in tables.enumerated() {
          writer.point(from: start + 4 + 4 * index) { $0.append(table: table) }
        }
        return start
      }
    case .text(let text): point(from: offset) { $0.appendList(Array(text.utf8)) { $0.append($1) } }
    case .bytes(let list): point(from: offset) { $0.appendList(list) { $0.append($1) } }
    case .integers(let list):
      point(from: offset) { $0.appendList(list) { $0.append(UInt32(truncatingIfNeeded: $1)) } }
    case .longs(let list): point(from: offset) { $0.appendList(list) { $0.append($1) } }
    case .floats(let list): point(from: offset) { $0.appendList(list) { $0.append($1.bitPattern) } }
    }
  }

  private mutating func appendList<Element>(
    _ list: [Element], _ write: (inout FlatBufferWriter, Element) -> Void
  ) -> Int {
    align(4)
    let start = bytes.count
    append(UInt32(list.count))
    for element in list { write(&self, element) }
    return start
  }
}
