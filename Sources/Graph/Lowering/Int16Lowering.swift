import Foundation

/// What operators' lowering to int16 tensors needs to say in the same words.
extension LoweringContext {
  /// Whether the output holds int16 values: then the operator's int16 record is wanted.
  var isInt16: Bool { output.quantization?.element == .int16 }

  /// The rule of an input that must be int16 with zero point 0.
  /// - Throws: `GraphError` when it is something else.
  func int16Activation(_ index: Int) throws(GraphError) -> Quantization {
    try int16(anyActivation(index), "input \(index)")
  }

  /// The rule of an output that must be int16 with zero point 0.
  /// - Throws: `GraphError` when it is something else.
  func int16OutputRule() throws(GraphError) -> Quantization { try int16(anyOutputRule(), "its output") }

  /// The rule of a weighted layer's input: int8 with an int8 output, or int16 with an int16 one.
  /// - Throws: `GraphError` when input and output differ.
  func weightedInput() throws(GraphError) -> Quantization {
    guard isInt16 else {
      _ = try outputRule()
      return try activation(0)
    }
    _ = try int16OutputRule()
    return try int16Activation(0)
  }

  private func int16(_ rule: Quantization, _ what: String) throws(GraphError) -> Quantization {
    guard rule.element == .int16, rule.zeroPoint == 0 else {
      throw GraphError(
        "\(name): \(what) has values of \(rule.element) with zero point \(rule.zeroPoint), but next to int16 tensors it "
          + "must be int16 with zero point 0; requantize it by a layer of its own")
    }
    return rule
  }

  /// The fused clamp as values of the output, whatever its element type.
  func anyClampBounds() throws(GraphError) -> (low: Int32, high: Int32) {
    let rule = try anyOutputRule()
    guard let clamp else { return (rule.element.values.lowerBound, rule.element.values.upperBound) }
    return (rule.quantized(clamp.lowerBound), rule.quantized(clamp.upperBound))
  }
}

/// A factor of whole numbers: multiplier · 2^−shift, the multiplier of 31 bits, as the public TensorFlow Lite
/// specification has it.
struct WholeFactor {
  var multiplier: Int32
  var shift: Int32

  /// The nearest one.
  /// - Throws: `GraphError` when `exact` is negative, not finite or at least 2³⁰.
  init(_ exact: Double, _ name: String) throws(GraphError) {
    guard exact >= 0, exact < 0x1p30 else {
      throw GraphError("\(name): the factor \(exact) between its scales is impossible; calibrate the network again")
    }
    (multiplier, shift) = (0, 1)
    guard exact >= 0x1p-32 else { return }
    var whole = Int64((exact.significand * 0x1p30).rounded(.toNearestOrAwayFromZero))
    var places = 30 - Int32(exact.exponent)
    if whole == 1 << 31 { (whole, places) = (whole / 2, places - 1) }
    (multiplier, shift) = (Int32(whole), places)
  }

  /// As two parameters of a record.
  var parameters: [Int32] { [multiplier, shift] }
}

/// 513 values of `function` between two int16 quantizations, at every 128th argument, as little-endian int32 that may lie
/// beyond what int16 holds, so that a straight line leads to the clamp.
func int16Table(from input: Quantization, to output: Quantization, _ function: (Float) -> Float) -> [UInt8] {
  littleEndianBytes(
    (0...512).map { step -> Int32 in
      let value = Double(function(input.real(ofValue: Int32(step * 128 - 32768)))) / Double(output.scale)
      return value.isNaN ? 0 : Int32(max(-4_194_303, min(4_194_303, value.rounded(.toNearestOrEven))))
    })
}

/// sigmoid(i / 24) · 2¹⁶ for i in 0…255 as little-endian bytes: the table of TensorFlow Lite's rule for sigmoid and tanh of
/// int16. Each value is raised by half of the largest error of the straight line to the next, |sigmoid″| ÷ (16 · 24²), so
/// that the line errs as much above as below; the last one is 2¹⁶ − 1.
func sigmoidTable() -> [UInt8] {
  (0..<256).flatMap { step -> [UInt8] in
    let sigmoid = 1 / (1 + exp(-Double(step) / 24))
    let raised = sigmoid + sigmoid * (1 - sigmoid) * (2 * sigmoid - 1) / (16 * 24 * 24)
    let value = step == 255 ? 65535 : UInt16((65536 * raised).rounded(.toNearestOrAwayFromZero))
    return [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
  }
}

/// exp(−d · 256 · scale) and exp(−d · scale) for d = 0…255 as 0.31 fixed point, in little-endian bytes.
func int16SoftmaxTable(inputScale: Float) -> [UInt8] {
  [256.0, 1.0].flatMap { stride in
    (0..<256).flatMap { distance -> [UInt8] in
      let exponential = exp(-Double(distance) * stride * Double(inputScale))
      let fixed = Int32(min(Double(Int32.max), (exponential * 0x1p31).rounded(.toNearestOrEven)))
      return (0..<4).map { UInt8(truncatingIfNeeded: fixed >> ($0 * 8)) }
    }
  }
}
