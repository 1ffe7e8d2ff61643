import Graph

extension TFLiteTranslator {
  /// LEAKY_RELU.
  static func leakyRelu(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let function = Activation.Function.leakyRelu(slope: try node.floatOption(0))
    return try translator.finish(Activation(function), [try translator.activation(node, 0)], node)
  }

  /// GELU, exact or approximated by tanh.
  static func gelu(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    let function: Activation.Function = try node.option(0, as: UInt8.self) != 0 ? .geluTanh : .gelu
    return try translator.finish(Activation(function), [try translator.activation(node, 0)], node)
  }

  /// SOFTMAX over the last axis, beta 1.
  static func softmax(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    guard try node.floatOption(0) == 1 else {
      throw Unsupported("its beta is \(try node.floatOption(0))", "Only a softmax with beta 1 can be imported")
    }
    return try translator.finish(Softmax(), [try translator.activation(node, 0)], node)
  }

  /// QUANTIZE: a float input becomes quantized itself; between two quantizations it is a table.
  static func quantize(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    guard let rule = try node.outputs[0].activationQuantization() else {
      throw .damaged("it gives a float tensor")
    }
    if translator.graph[x].quantization == nil, translator.graph.inputs.contains(x) {
      translator.graph[x].quantization = rule
    }
    if translator.graph[x].quantization == rule { return [.activation(x)] }
    return try translator.finish(Activation(.clip(low: -.infinity, high: .infinity)), [x], node)
  }

  /// DEQUANTIZE: constants become float; an activation stays what it is.
  static func dequantize(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    guard node.has(0), let operand = node.operands[0] else { throw .damaged("its input is missing") }
    guard case .constant(let constant) = operand else { return [operand] }
    try translator.reserve(constant.shape.reduce(1, *))
    return [.constant(TFLiteConstant(shape: constant.shape, elements: .floats(constant.reals)))]
  }
}
