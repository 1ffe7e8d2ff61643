/// Where and why bytes are not the FlatBuffer that they should be.
struct FlatBufferFault: Error {
  var offset: Int
  var reason: String
}

/// The bytes of a FlatBuffer file. Whatever they are, reading ends with a value or with a fault.
///
/// FlatBuffers may let many places name one list, so that a small file could ask for much work: the elements of all lists
/// that are read come out of one budget, proportional to the file.
final class FlatBuffer {
  let bytes: [UInt8]
  private var elementBudget: Int

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    elementBudget = 1024 + bytes.count.multipliedReportingOverflow(by: 4).partialValue
  }

  /// A little-endian integer.
  func integer<Integer: FixedWidthInteger>(
    at offset: Int, as type: Integer.Type = Integer.self
  ) throws(FlatBufferFault) -> Integer {
    try expect(offset, bytes: Integer.bitWidth / 8)
    var value: Integer = 0
    for index in (0..<Integer.bitWidth / 8).reversed() {
      value = value << 8 | Integer(truncatingIfNeeded: bytes[offset + index])
    }
    return value
  }

  /// Where an unsigned offset at `offset` leads to.
  func target(of offset: Int) throws(FlatBufferFault) -> Int {
    let distance = Int(truncatingIfNeeded: try integer(at: offset, as: UInt32.self))
    let (place, overflow) = offset.addingReportingOverflow(distance)
    guard !overflow, distance > 0, place < bytes.count else {
      throw FlatBufferFault(offset: offset, reason: "an offset leads out of the file")
    }
    return place
  }

  /// The elements of a vector as a range of bytes.
  func vector(at offset: Int, elementBytes: Int) throws(FlatBufferFault) -> (bytes: Range<Int>, count: Int) {
    let count = Int(truncatingIfNeeded: try integer(at: offset, as: UInt32.self))
    let (size, overflow) = count.multipliedReportingOverflow(by: elementBytes)
    guard !overflow, count >= 0, size >= 0 else {
      throw FlatBufferFault(offset: offset, reason: "a list is longer than the file")
    }
    try expect(offset + 4, bytes: size)
    return (offset + 4..<offset + 4 + size, count)
  }

  /// Takes list elements out of the budget.
  func spend(_ count: Int, at offset: Int) throws(FlatBufferFault) {
    guard count <= elementBudget else {
      throw FlatBufferFault(offset: offset, reason: "its lists together are far longer than the file")
    }
    elementBudget -= count
  }

  /// The table that the file begins with.
  func root() throws(FlatBufferFault) -> FlatTable { try FlatTable(self, at: try target(of: 0)) }

  /// - Throws: unless `count` bytes from `offset` on lie in the file.
  func expect(_ offset: Int, bytes count: Int) throws(FlatBufferFault) {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard offset >= 0, count >= 0, !overflow, end <= bytes.count else {
      throw FlatBufferFault(offset: max(0, offset), reason: "the file ends too early")
    }
  }
}
