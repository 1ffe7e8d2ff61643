import Graph

/// QLinearConv: x, its scale and zero point, weights, theirs, those of the result, and an int32 bias.
func importQLinearConv(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try context.dequantizedOperand(node, 0, scaleIndex: 1)
  let weights = try context.dequantizedOperand(node, 3, scaleIndex: 4)
  let bias = try context.bias(node, input: 8, inputScale: 1, weightScale: 4)
  return try context.requantized(
    try importConvolution(&context, node.with([x, weights, bias])), node, scaleIndex: 6)
}

/// QLinearMatMul: a, its scale and zero point, b, those of b, and of the result.
func importQLinearMatMul(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let a = try context.dequantizedOperand(node, 0, scaleIndex: 1)
  let b = try context.dequantizedOperand(node, 3, scaleIndex: 4, axis: -1)
  return try context.requantized(try importMatMul(&context, node.with([a, b])), node, scaleIndex: 6)
}

/// com.microsoft.QGemm: as QLinearMatMul with an int32 bias before the result's scale, which may be absent.
func importQGemm(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let isTransposed = node.integer("transB", default: 0) != 0
  let a = try context.dequantizedOperand(node, 0, scaleIndex: 1)
  let b = try context.dequantizedOperand(node, 3, scaleIndex: 4, axis: isTransposed ? 0 : 1)
  let alpha = node.float("alpha", default: 1)
  let bias = try context.bias(node, input: 6, inputScale: 1, weightScale: 4, alpha: alpha)
  let result = try importGemm(&context, node.with([a, b, bias]))
  return node.has(7) ? try context.requantized(result, node, scaleIndex: 7) : result
}

/// The handler of a quantized operator of one operand: x, its scale and zero point, those of the result.
func quantizedFunction(_ handler: @escaping NodeHandler) -> NodeHandler {
  { (context: inout Translator, node: NodeArguments) throws(Unsupported) -> [Operand] in
    guard node.integer("channels_last", default: 0) == 0 else {
      throw Unsupported("its channels come last", "Convert the model to N×C×H×W")
    }
    let x = try context.dequantizedOperand(node, 0, scaleIndex: 1)
    return try context.requantized(try handler(&context, node.with([x])), node, scaleIndex: 3)
  }
}

/// The handler of a quantized operator of two operands: a, its scale and zero point, b and its own, those of the result.
func quantizedArithmetic(_ handler: @escaping NodeHandler) -> NodeHandler {
  { (context: inout Translator, node: NodeArguments) throws(Unsupported) -> [Operand] in
    let a = try context.dequantizedOperand(node, 0, scaleIndex: 1)
    let b = try context.dequantizedOperand(node, 3, scaleIndex: 4)
    return try context.requantized(try handler(&context, node.with([a, b])), node, scaleIndex: 6)
  }
}

/// com.microsoft.QLinearConcat: the result's scale and zero point, then each operand with its own.
func importQLinearConcat(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  var operands: [Operand] = []
  for index in stride(from: 2, to: node.operands.count, by: 3) {
    operands.append(try context.dequantizedOperand(node, index, scaleIndex: index + 1))
  }
  return try context.requantized(try importConcat(&context, node.with(operands)), node, scaleIndex: 0)
}

extension Translator {
  /// The first result with the quantization that the inputs `scaleIndex` and `scaleIndex + 1` give.
  fileprivate mutating func requantized(
    _ results: [Operand], _ node: NodeArguments, scaleIndex: Int
  ) throws(Unsupported) -> [Operand] {
    guard case .activation(let view)? = results.first else { throw .invalid("all of its operands are constants") }
    return [.activation(try quantized(view, node, scaleIndex: scaleIndex))]
  }

  /// An int32 bias in real numbers: its scale is input scale × weight scale (× alpha).
  fileprivate mutating func bias(
    _ node: NodeArguments, input: Int, inputScale: Int, weightScale: Int, alpha: Float = 1
  ) throws(Unsupported) -> Operand? {
    guard let bias = try node.optionalConstant(input) else { return nil }
    guard let steps = bias.elements.integers else { throw .invalid("its bias should be int32") }
    let factor = try node.constant(inputScale).floats.first ?? 0
    let weightScales = try node.constant(weightScale).floats
    guard weightScales.count == 1 || weightScales.count == steps.count else {
      throw .invalid("its bias has \(steps.count) elements for \(weightScales.count) scales")
    }
    let scales = weightScales.map { alpha * (factor * $0) }
    let values = steps.indices.map { Float(Double(steps[$0]) * Double(scales[scales.count == 1 ? 0 : $0])) }
    let axis = scales.count == 1 ? nil : max(0, bias.shape.count - 1)
    return .constant(
      Constant(
        shape: bias.shape, elements: .floats(values),
        scales: ConstantScales(scales: scales, axis: axis, steps: steps)))
  }
}
