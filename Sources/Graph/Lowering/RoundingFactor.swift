/// A factor in the form of the public TensorFlow Lite specification: multiplier · 2^(shift − 31), the multiplier of 31 bits.
struct RoundingFactor {
  var multiplier: Int32
  var shift: Int32

  /// The nearest one.
  /// - Throws: `GraphError` when `exact` is negative, not finite or at least 2³⁰.
  init(_ exact: Double, _ name: String) throws(GraphError) {
    guard exact >= 0, exact < 0x1p30 else {
      throw GraphError("\(name): the factor \(exact) between its scales is impossible; convert the model again")
    }
    (multiplier, shift) = (0, 0)
    guard exact > 0 else { return }
    var whole = Int64((exact.significand * 0x1p30).rounded(.toNearestOrAwayFromZero))
    var places = Int(exact.exponent) + 1
    if whole == 1 << 31 { (whole, places) = (whole / 2, places + 1) }
    guard places >= -31, places <= 30 else { return }
    (multiplier, shift) = (Int32(whole), Int32(places))
  }

  /// As two parameters of a record.
  var parameters: [Int32] { [multiplier, shift] }
}

/// A tensor that an operator keeps from one run to the next, before it has a place.
public struct LoweredState: Sendable {
  /// What the operator calls it.
  public var name: String
  /// At run time.
  public var shape: RuntimeShape
  /// Its initial value is the zero point.
  public var quantization: Quantization
}

extension RuntimeShape {
  /// A shape by its sizes.
  init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }
}

/// Numbers as little-endian bytes.
func littleEndianBytes<Number: FixedWidthInteger>(_ numbers: [Number]) -> [UInt8] {
  numbers.flatMap { number in (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
}
