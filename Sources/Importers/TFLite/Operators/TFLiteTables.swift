import Graph

/// Tables of stored bytes (int8 + 128) by the rules of LiteRT's default kernels, where these differ from rounding the real
/// value to the nearest step. Derived from the published definitions of TFLite's reference kernels and of XNNPACK, and
/// checked against LiteRT 2.3 on all bytes.
struct TFLiteTable {
  let input: Quantization
  let output: Quantization

  /// The table of a function; nil where LiteRT rounds the real value, as this project does.
  func bytes(of function: Activation.Function) -> [UInt8]? {
    switch function {
    case .absolute: entries { TFLiteFixedPoint(ratio).times(abs($0)) }
    case .hardSwish: entries(hardSwish)
    case .leakyRelu(let slope):
      shifted(positive: in256ths(stepRatio), negative: in256ths(stepRatio * slope))
    case .relu, .clip: clamped(function.clamp ?? -Float.infinity...Float.infinity)
    case .squareRoot:
      entries { distance in
        let root = (input.scale * Float(distance)).squareRoot()
        return root.isNaN ? 0 : Int((root / output.scale).rounded(.down))
      }
    default: nil
    }
  }

  /// QUANTIZE between two int8 rules: the ratio of the scales in 1/256.
  var requantization: [UInt8] { shifted(positive: in256ths(stepRatio), negative: in256ths(stepRatio)) }

  private var ratio: Double { Double(input.scale) / Double(output.scale) }
  private var stepRatio: Float { input.scale / output.scale }

  /// Each stored byte's result: of its distance from the zero point, steps of the output.
  func entries(_ steps: (Int) -> Int) -> [UInt8] {
    (0..<256).map { stored in
      let result = steps(stored - 128 - Int(input.zeroPoint)).addingReportingOverflow(Int(output.zeroPoint))
      return UInt8(max(-128, min(127, result.partialValue)) + 128)
    }
  }

  private func in256ths(_ factor: Float) -> Int { Int(max(-1e9, min(1e9, (256 * factor).rounded(.toNearestOrEven)))) }

  private func shifted(positive: Int, negative: Int) -> [UInt8] {
    entries { ($0 * ($0 >= 0 ? positive : negative) + 128) >> 8 }
  }

  private func clamped(_ clamp: ClosedRange<Float>) -> [UInt8] {
    let factor = TFLiteFixedPoint(ratio)
    func bound(_ real: Float) -> Int {
      Int(max(-1000, min(1000, (real / output.scale).rounded(.toNearestOrEven))))
    }
    return entries { max(bound(clamp.lowerBound), min(bound(clamp.upperBound), factor.times($0))) }
  }

  /// In 16 bits: x at 1/128 of its scale, times relu6(x + 3) / 6 at 1/32768.
  private func hardSwish(_ distance: Int) -> Int {
    let fine = distance * 128
    let fineScale = input.scale / 128
    let toOutput = TFLiteFixedPoint(Double(fineScale / output.scale))
    let toGate = TFLiteFixedPoint(Double(fineScale / (3 / 32768)))
    let value = TFLiteFixedPoint.highProduct16(fine, toOutput.multiplier16)
    var gate = fine
    if toGate.exponent > 0 { gate = TFLiteFixedPoint.saturated16(gate << min(16, toGate.exponent - 1)) }
    gate = TFLiteFixedPoint.highProduct16(gate, toGate.multiplier16)
    if toGate.exponent > 0 { gate = TFLiteFixedPoint.saturated16(gate << 1) }
    if toGate.exponent < 0 { gate = TFLiteFixedPoint.shifted(gate, by: -toGate.exponent) }
    gate = (gate + 1 << 15) >> 1
    return TFLiteFixedPoint.shifted(gate * value / 32768, by: max(0, -toOutput.exponent))
  }
}

/// A factor as a 31-bit fraction and a power of two, and the two roundings of a product by it.
struct TFLiteFixedPoint {
  /// In 2^30…2^31, or 0.
  let multiplier: Int
  let exponent: Int

  /// - Parameter factor: positive and finite.
  init(_ factor: Double) {
    guard factor > 0, factor.isFinite else {
      (multiplier, exponent) = (0, 0)
      return
    }
    let power = Int(factor.exponent) + 1
    let fraction = Int((factor / Double(sign: .plus, exponent: power, significand: 1) * 0x1p31).rounded())
    let rounded = fraction == 1 << 31 ? (fraction / 2, power + 1) : (fraction, power)
    (multiplier, exponent) = rounded.1 < -31 ? (0, 0) : (rounded.0, min(20, rounded.1))
  }

  /// The upper half of the multiplier.
  var multiplier16: Int { min(32767, (multiplier + 1 << 15) >> 16) }

  /// value · factor: doubled high product, halves away from zero below it, then a rounding shift.
  func times(_ value: Int) -> Int {
    let product = (value << max(0, exponent)) * multiplier
    let high = (product + (product >= 0 ? 1 << 30 : 1 - 1 << 30)) / (1 << 31)
    return TFLiteFixedPoint.shifted(max(-1 << 31, min(1 << 31 - 1, high)), by: max(0, -exponent))
  }

  /// Of two 16-bit numbers.
  static func highProduct16(_ a: Int, _ b: Int) -> Int {
    let product = a * b
    return saturated16((product + (product >= 0 ? 1 << 14 : 1 - 1 << 14)) / 32768)
  }

  static func saturated16(_ value: Int) -> Int { max(-32768, min(32767, value)) }

  /// value / 2^bits, halves away from zero.
  static func shifted(_ value: Int, by bits: Int) -> Int {
    guard bits > 0 else { return value }
    guard bits < 62 else { return 0 }
    let mask = 1 << bits - 1
    return value >> bits + (value & mask > mask >> 1 + (value < 0 ? 1 : 0) ? 1 : 0)
  }
}
