extension Quantization {
  /// The asymmetric rule for a range, which is first widened to include 0. The zero point is an int8 value, so that 0 is
  /// represented exactly. An empty range, of which nothing is known, gets scale 1; a very small one the smallest scale.
  public init(covering range: ClosedRange<Float>) {
    let low = Double(min(0, max(range.lowerBound, -.greatestFiniteMagnitude)))
    let high = Double(max(0, min(range.upperBound, .greatestFiniteMagnitude)))
    guard high > low else {
      self.init(scale: 1, zeroPoint: -128)
      return
    }
    // A zero point between two int8 values is moved to the one that needs the smaller scale to hold both ends.
    let exact = -128 - low / ((high - low) / 255)
    let candidates = [exact.rounded(.down), exact.rounded(.up)].map { rounded in
      let zeroPoint = min(127, max(-128, rounded))
      let above = high == 0 ? 0 : high / (127 - zeroPoint)
      let below = low == 0 ? 0 : -low / (zeroPoint + 128)
      return (zeroPoint: zeroPoint, scale: max(above, below))
    }
    let best = candidates[0].scale <= candidates[1].scale ? candidates[0] : candidates[1]
    let scale = max(best.scale, Quantization.smallestScale)
    self.init(scale: Float(min(scale, Double(Float.greatestFiniteMagnitude))), zeroPoint: Int32(best.zeroPoint))
  }

  /// Products and quotients of a few such scales stay normal floats.
  private static let smallestScale = 1e-30

  /// The real values from the lowest to the highest that the element type holds.
  public var range: ClosedRange<Float> {
    real(ofValue: element.values.lowerBound)...real(ofValue: element.values.upperBound)
  }
}
