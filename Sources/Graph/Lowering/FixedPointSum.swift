/// What XNNPACK multiplies two int8 summands by, and how far it shifts their sum: each operand's scale ÷ output scale in
/// float32, times 2^shift, rounded. The larger multiplier lies in 2^20…2^21.
public struct FixedPointSum: Equatable, Sendable {
  /// The first summand's.
  public var multiplierA: Int32
  /// The second summand's.
  public var multiplierB: Int32
  /// 13…30.
  public var shift: Int32

  /// Nil for scales whose ratios lie outside 2^−10..<2^8, for which XNNPACK has no such form.
  public init?(_ a: Float, _ b: Float, output: Float) {
    let ratios = [a / output, b / output]
    guard ratios.allSatisfy({ $0 >= 0x1p-10 && $0 < 0x1p8 }) else { return nil }
    let bits = 20 - max(ratios[0].exponent, ratios[1].exponent)
    let multipliers = ratios.map { ratio in
      Int32(Float(sign: .plus, exponent: bits, significand: ratio).rounded(.toNearestOrEven))
    }
    (multiplierA, multiplierB, shift) = (multipliers[0], multipliers[1], Int32(bits))
  }
}

extension LoweringContext {
  /// The rule of an addition in this place; nil where it has none.
  func fixedPointSum() throws(GraphError) -> FixedPointSum? {
    FixedPointSum(try activation(0).scale, try activation(1).scale, output: try outputRule().scale)
  }
}
