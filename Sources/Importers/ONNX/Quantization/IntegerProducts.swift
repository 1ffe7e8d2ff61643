import Graph

/// ConvInteger: x, weights, their zero points. Its int32 sums stay real numbers, in steps of the scales.
func importConvInteger(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (x, weights) = try context.integerOperands(node, axis: 0)
  return try importConvolution(&context, node.with([.activation(x), .constant(weights)]))
}

/// MatMulInteger: a, b, their zero points. Its int32 sums stay real numbers, in steps of the scales.
func importMatMulInteger(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (a, b) = try context.integerOperands(node, axis: -1)
  return try importMatMul(&context, node.with([.activation(a), .constant(b)]))
}

extension Translator {
  /// The two operands less their zero points. Where x has a scale of its own, the weights are divided by it, so that the
  /// products are the integers that the file means.
  fileprivate mutating func integerOperands(
    _ node: NodeArguments, axis named: Int
  ) throws(Unsupported) -> (ActivationView, Constant) {
    var x = try node.activation(0)
    var factor: Float = 1
    if let code = x.code {
      let point = (try node.optionalConstant(2)?.elements.integers?.first ?? 0) &- code.offset
      guard (-128...127).contains(point) else { throw .invalid("its zero point is outside its type") }
      let rule = graph[x.id].quantization ?? Quantization(scale: 1, zeroPoint: Int32(point))
      graph[x.id].quantization = rule
      guard rule.zeroPoint == Int32(point) else {
        throw Unsupported(
          "its zero point is not that of the integers that it reads", "Use the zero point of QuantizeLinear")
      }
      factor = 1 / rule.scale
      x.code = nil
    }
    let weights = try node.constant(1)
    guard let stored = weights.elements.integers else { throw .invalid("its weights should be integers") }
    let points = try node.optionalConstant(3)?.elements.integers ?? [0]
    let axis = try node.normalizedAxes([named], rank: weights.shape.count)[0]
    guard points.count == 1 || points.count == weights.shape[axis] else {
      throw .invalid("it has \(points.count) zero points for weights of shape \(weights.shape)")
    }
    try reserve(stored.count)
    let inner = weights.shape[(axis + 1)...].reduce(1, *)
    let values = stored.indices.map { index in
      Float(stored[index] &- points[points.count == 1 ? 0 : index / inner % points.count]) * factor
    }
    note(node, "its int32 sums are imported as real numbers")
    return (x, Constant(shape: weights.shape, elements: .floats(values)))
  }
}
