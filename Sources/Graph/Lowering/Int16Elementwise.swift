/// Records of elementwise operators of int16 tensors.
extension LoweringContext {
  /// AddInt16: the sum, or with −1 the difference.
  func lowerInt16Sum(signOfSecond: Int32) throws(GraphError) -> Lowered {
    let output = Double(try int16OutputRule().scale)
    let factors = [Double(try int16Activation(0).scale) / output, Double(try int16Activation(1).scale) / output]
    let largest = try WholeFactor(max(factors[0], factors[1]), name)
    guard largest.shift >= 1, largest.shift <= 46 else {
      throw GraphError("\(name): the scales of its operands and its output are too far apart; calibrate it again")
    }
    let multipliers = factors.map { factor in
      Int32(clamping: Int64((factor * Double(Int64(1) << Int64(largest.shift))).rounded()))
    }
    let (low, high) = try anyClampBounds()
    return .step(
      LoweredOperator(
        code: 43, operands: [0, 1],
        parameters: [low, high, multipliers[0], signOfSecond * multipliers[1], largest.shift]))
  }

  /// MultiplyInt16.
  func lowerInt16Product() throws(GraphError) -> Lowered {
    let scales = Double(try int16Activation(0).scale) * Double(try int16Activation(1).scale)
    let factor = try WholeFactor(scales / Double(try int16OutputRule().scale), name)
    let (low, high) = try anyClampBounds()
    return .step(LoweredOperator(code: 44, operands: [0, 1], parameters: [low, high] + factor.parameters))
  }

  /// SoftmaxInt16, of an int8 or int16 input.
  func lowerInt16Softmax() throws(GraphError) -> Lowered {
    let output = try anyOutputRule()
    let isSigned = abs(output.scale * 32768 - 1) < 0.001 && output.zeroPoint == 0
    guard isSigned || (abs(output.scale * 65536 - 1) < 0.001 && output.zeroPoint == -32768) else {
      throw GraphError(
        "\(name): softmax gives int16 probabilities of scale 1/32768 and zero point 0, or 1/65536 and −32768, but its "
          + "output is quantized with scale \(output.scale) and zero point \(output.zeroPoint)")
    }
    let input = try anyActivation(0)
    if input.element != .int8 { _ = try int16Activation(0) }
    var record = LoweredOperator(code: 47, operands: [0])
    record.table = int16SoftmaxTable(inputScale: input.scale)
    return .step(record)
  }

  /// A function where the input or the output is wider than eight bits: Requantize where it changes nothing, else
  /// ActivationInt16.
  func lowerWideActivation(_ function: Activation.Function) throws(GraphError) -> Lowered {
    let (input, output) = (try anyActivation(0), try anyOutputRule())
    if case .clip(let low, let high) = function, low == -.infinity, high == .infinity, clamp == nil {
      guard input.element != .int32 else {
        throw GraphError("\(name): int32 values cannot be requantized; end the network before it")
      }
      let factor = try WholeFactor(Double(input.scale) / Double(output.scale), name)
      return .step(LoweredOperator(code: 49, operands: [0], parameters: factor.parameters))
    }
    _ = (try int16Activation(0), try int16OutputRule())
    var record = LoweredOperator(code: 48, operands: [0])
    let isProbability = output.scale == 1 / 32768 && clamp == nil
    switch function {
    case .sigmoid where isProbability:
      record.parameters = [1] + tableArgument(input.scale) + [0, 0]
      record.table = sigmoidTable()
    case .tanh where isProbability:
      record.parameters = [2] + tableArgument(input.scale) + [0, 0]
      record.table = sigmoidTable()
    default:
      // A clamp bends between two points of the table: it is done after it.
      var (low, high) = try anyClampBounds()
      if let own = function.clamp {
        (low, high) = (max(low, output.quantized(own.lowerBound)), min(high, output.quantized(own.upperBound)))
      }
      record.parameters = [0, 0, 0, low, max(low, high)]
      record.table = int16Table(from: input, to: output) { function.clamp == nil ? function($0) : $0 }
    }
    return .step(record)
  }

  /// The argument of the sigmoid table for values of `scale`: scale · 4096 · 3, cut to fifteen bits as TensorFlow Lite
  /// does, exact where the scale is a power of two.
  private func tableArgument(_ scale: Float) -> [Int32] {
    let exact = min(Double(scale) * 4096 * 3, 16383)
    if scale.significand == 1, exact >= 3, exact < 16384 { return [Int32(exact) * 2, 1] }
    var (multiplier, shift) = (exact, Int32(0))
    while multiplier <= 32767.0 / 2, shift <= 30 { (multiplier, shift) = (multiplier * 2, shift + 1) }
    return [Int32(multiplier), max(1, shift)]
  }
}
