import Graph

/// An operator that is a function of one argument.
func tfliteFunction(_ function: Activation.Function) -> TFLiteHandler {
  { (translator, node) throws(Unsupported) in
    [.activation(try translator.applied(function, try translator.activation(node, 0), node))]
  }
}

extension TFLiteTranslator {
  /// A function of one argument. Between int8 tensors it is the table that LiteRT's kernels amount to.
  mutating func applied(
    _ function: Activation.Function, _ x: ValueID, _ node: TFLiteNode
  ) throws(Unsupported) -> ValueID {
    let output = try node.outputs[0].activationQuantization()
    var operation = Activation(function)
    if let input = graph[x].quantization, let output {
      operation.definedTable = TFLiteTable(input: input, output: output).bytes(of: function)
    }
    return try emit(operation, [x], node.name, quantization: output)
  }

  /// LEAKY_RELU.
  static func leakyRelu(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let slope = try node.floatOption(0)
    guard slope.isFinite else { throw .damaged("its slope is \(slope)") }
    return [
      .activation(try translator.applied(.leakyRelu(slope: slope), try translator.activation(node, 0), node))
    ]
  }

  /// GELU, exact or approximated by tanh.
  static func gelu(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    let function: Activation.Function = try node.option(0, as: UInt8.self) != 0 ? .geluTanh : .gelu
    return [.activation(try translator.applied(function, try translator.activation(node, 0), node))]
  }

  /// POW with one constant exponent.
  static func power(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    let exponents = try node.constant(1).reals
    guard let exponent = exponents.first, exponents.allSatisfy({ $0 == exponent }) else {
      throw Unsupported("its exponents differ from place to place", "Use one exponent")
    }
    let function: Activation.Function = exponent == 0.5 ? .squareRoot : .power(exponent)
    return [.activation(try translator.applied(function, try translator.activation(node, 0), node))]
  }

  /// PRELU. Slopes that differ make it the larger or smaller of x and slope · x, or where some are above 1 and some below,
  /// the sum of x's positive part and slope · its negative one. Of int8 values each is rounded once.
  static func slopedRelu(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let slopes = try node.constant(1)
    let values = slopes.reals
    guard let slope = values.first else { throw .damaged("it has no slopes") }
    if values.allSatisfy({ $0 == slope }) {
      return [.activation(try translator.applied(.leakyRelu(slope: slope), x, node))]
    }
    let rule = try node.outputs[0].activationQuantization()
    func scaled(_ x: ValueID) throws(Unsupported) -> ValueID {
      try translator.affine(
        x, factors: slopes.shape, values, addends: nil, "\(node.name)/slopes", quantization: rule)
    }
    if values.allSatisfy({ $0 <= 1 }) || values.allSatisfy({ $0 >= 1 }) {
      let operation: any Operator = values.allSatisfy { $0 <= 1 } ? Maximum() : Minimum()
      return try translator.finish(operation, [x, try scaled(x)], node)
    }
    let positive = try translator.emit(Activation(.relu), [x], "\(node.name)/positive", quantization: rule)
    let negative = try translator.emit(
      Activation(.clip(low: -.infinity, high: 0)), [x], "\(node.name)/negative",
      quantization: translator.graph[x].quantization)
    return try translator.finish(Add(), [positive, try scaled(negative)], node)
  }

  /// SOFTMAX over the last axis. Another beta than 1 scales its input.
  static func softmax(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    var x = try translator.activation(node, 0)
    let beta = try node.floatOption(0)
    guard beta > 0, beta.isFinite else { throw .damaged("its beta is \(beta)") }
    if beta != 1 { x = try translator.scaled(x, by: beta, "\(node.name)/beta") }
    return try translator.finish(Softmax(), [x], node)
  }

  /// LOG_SOFTMAX over the last axis.
  static func logSoftmax(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    try translator.finish(LogSoftmax(), [try translator.activation(node, 0)], node)
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
    let input = translator.graph[x].quantization
    if input == rule { return [.activation(x)] }
    let table = input.map { TFLiteTable(input: $0, output: rule).requantization }
    return try translator.finish(
      Activation(.clip(low: -.infinity, high: .infinity), definedTable: table), [x], node)
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

  /// CAST of an activation between number types that stand for the same real values.
  static func cast(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let (from, to) = (node.inputs[0]?.type, node.outputs[0].type)
    let isFloat = to == .float32 || to == .float16
    guard isFloat, from == .float32 || from == .float16 || node.inputs[0]?.quantization == nil else {
      throw Unsupported(
        "it casts \(from?.name ?? "?") to \(to.name)", "Quantize and dequantize by layers of their own")
    }
    return [.activation(x)]
  }
}
