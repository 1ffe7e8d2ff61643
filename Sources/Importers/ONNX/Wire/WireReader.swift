/// Where and why bytes are not a protobuf message.
struct WireFault: Error {
  var offset: Int
  var reason: String
}

/// One field of a protobuf message; nested messages and packed lists stay ranges of the file.
struct WireField {
  enum Content {
    case integer(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(Range<Int>)
  }

  var number: Int
  var content: Content
  var offset: Int
}

/// Reads the fields of one message in place. Every length is checked against the message's end before it is used.
///
/// The format: protobuf.dev/programming-guides/encoding. Groups, which ONNX never had, are refused.
struct WireReader {
  let file: [UInt8]
  private(set) var position: Int
  let end: Int

  init(_ file: [UInt8], _ range: Range<Int>) {
    self.file = file
    self.position = range.lowerBound
    self.end = range.upperBound
  }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(WireFault) -> WireField? {
    guard position < end else { return nil }
    let offset = position
    let tag = try integer()
    guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw WireFault(offset: offset, reason: "there is no field") }
    let content: WireField.Content
    switch tag & 7 {
    case 0: content = .integer(try integer())
    case 1: content = .fixed64(try fixed(8))
    case 2:
      let count = try integer()
      guard count <= UInt64(end - position) else {
        throw WireFault(offset: offset, reason: "a field of \(count) bytes runs past the end of its message")
      }
      content = .bytes(position..<position + Int(count))
      position += Int(count)
    case 5: content = .fixed32(UInt32(truncatingIfNeeded: try fixed(4)))
    default: throw WireFault(offset: offset, reason: "there is a field of an unknown kind")
    }
    return WireField(number: Int(tag >> 3), content: content, offset: offset)
  }

  /// A varint of up to ten bytes, as in packed lists.
  mutating func integer() throws(WireFault) -> UInt64 {
    var result: UInt64 = 0
    let start = position
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < end else { throw WireFault(offset: start, reason: "a number is cut off") }
      let byte = file[position]
      position += 1
      result |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return result }
    }
    throw WireFault(offset: start, reason: "a number is longer than ten bytes")
  }

  /// A little-endian number of `count` bytes, as in packed lists.
  mutating func fixed(_ count: Int) throws(WireFault) -> UInt64 {
    guard end - position >= count else { throw WireFault(offset: position, reason: "a number is cut off") }
    var result: UInt64 = 0
    for index in 0..<count { result |= UInt64(file[position + index]) << UInt64(8 * index) }
    position += count
    return result
  }

  /// Whether nothing is left.
  var isAtEnd: Bool { position >= end }
}

extension WireReader {
  /// The field's bytes.
  func bytes(_ field: WireField) throws(WireFault) -> Range<Int> {
    if case .bytes(let range) = field.content { return range }
    throw WireFault(offset: field.offset, reason: "field \(field.number) is not a message or a text")
  }

  /// The field as text; bytes that are not UTF-8 become replacement characters.
  func text(_ field: WireField) throws(WireFault) -> String {
    String(decoding: file[try bytes(field)], as: UTF8.self)
  }

  /// The field as an integer.
  func signed(_ field: WireField) throws(WireFault) -> Int {
    if case .integer(let value) = field.content { return Int(truncatingIfNeeded: value) }
    throw WireFault(offset: field.offset, reason: "field \(field.number) is not an integer")
  }

  /// The field's integers, packed or a single one.
  func appendSigned(_ field: WireField, to list: inout [Int]) throws(WireFault) {
    guard case .bytes(let range) = field.content else { return list.append(try signed(field)) }
    var packed = WireReader(file, range)
    while !packed.isAtEnd { list.append(Int(truncatingIfNeeded: try packed.integer())) }
  }

  /// The field's floats, packed or a single one.
  func appendFloats(_ field: WireField, to list: inout [Float]) throws(WireFault) {
    switch field.content {
    case .fixed32(let bits): list.append(Float(bitPattern: bits))
    case .bytes(let range):
      var packed = WireReader(file, range)
      while !packed.isAtEnd {
        list.append(Float(bitPattern: UInt32(truncatingIfNeeded: try packed.fixed(4))))
      }
    default: throw WireFault(offset: field.offset, reason: "field \(field.number) is not a float")
    }
  }

  /// The field's doubles, packed or a single one.
  func appendDoubles(_ field: WireField, to list: inout [Double]) throws(WireFault) {
    switch field.content {
    case .fixed64(let bits): list.append(Double(bitPattern: bits))
    case .bytes(let range):
      var packed = WireReader(file, range)
      while !packed.isAtEnd { list.append(Double(bitPattern: try packed.fixed(8))) }
    default: throw WireFault(offset: field.offset, reason: "field \(field.number) is not a double")
    }
  }
}
