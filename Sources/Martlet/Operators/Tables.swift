import CShim

/// Tables of 32-bit numbers.
extension Step {
  /// Bytes that the record's table has.
  var tableBytes: Int64 { Wide.of(record.pointee.table.bytes) }

  /// The table's float32 from number `first` on.
  func tableFloats(from first: Int = 0) -> UnsafePointer<Float>? {
    table.map { UnsafeRawPointer($0 + 4 * first).assumingMemoryBound(to: Float.self) }
  }

  /// The table's Int32.
  var tableIntegers: UnsafePointer<Int32>? {
    table.map { UnsafeRawPointer($0).assumingMemoryBound(to: Int32.self) }
  }

  /// The table begins with 256 exponentials, none negative. That it has them was checked before.
  func requireExponentials() throws(Fault) {
    guard let table = tableIntegers else { throw fault(.constant, 2) }
    for distance in 0..<256 where table[distance] < 0 { throw fault(.factor, distance) }
  }

  /// Each of `count` float32 from number `first` on lies in `range`. That the table has them was checked before.
  func requireTableFloats(from first: Int = 0, count: Int, in range: ClosedRange<Float>) throws(Fault) {
    guard let floats = tableFloats(from: first) else { throw fault(.constant, 2) }
    for place in 0..<count where !(floats[place] >= range.lowerBound && floats[place] <= range.upperBound) {
      throw fault(.factor, first + place)
    }
  }

  /// The points of a curve of the sums 0 … `largest`, which must lie below 2³².
  func curvePoints(largest: Int64) throws(Fault) -> Int {
    guard largest >= 0, largest < 4_294_967_296 else { throw fault(.factor) }
    return Int(martlet_curve_points(UInt32(truncatingIfNeeded: largest)))
  }
}
