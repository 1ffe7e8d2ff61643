import Graph

extension TFLiteTranslator {
  /// ADD of two activations, or of one and a constant.
  static func add(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    try translator.arithmetic(node, .add)
  }

  /// SUB of two activations, or of one and a constant.
  static func subtract(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    try translator.arithmetic(node, .subtract)
  }

  /// MUL of two activations, or of one and a constant.
  static func multiply(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    try translator.arithmetic(node, .multiply)
  }

  /// DIV of two activations, or of one and a constant.
  static func divide(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    try translator.arithmetic(node, .divide)
  }

  /// SQUARED_DIFFERENCE of float activations.
  static func squaredDifference(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    guard try node.outputs[0].activationQuantization() == nil else {
      throw Unsupported("it is quantized", "Only float squared differences can be imported")
    }
    let (a, b) = (try translator.activation(node, 0), try translator.activation(node, 1))
    let difference = try translator.emit(Subtract(), [a, b], "\(node.name)/difference", quantization: nil)
    return [.activation(try translator.applied(.power(2), difference, node))]
  }

  private mutating func arithmetic(
    _ node: TFLiteNode, _ kind: TFLiteArithmetic
  ) throws(Unsupported) -> [TFLiteOperand] {
    guard node.operands.count == 2, node.has(0), node.has(1) else { throw .damaged("it does not have two operands") }
    let code = try node.option(0, as: Int8.self)
    switch (node.operands[0], node.operands[1]) {
    case (.activation(let a), .activation(let b)):
      let isQuantized = graph[a].quantization != nil && graph[b].quantization != nil
      return try finish(kind.operation(isExact: isQuantized), [a, b], node, activation: code)
    case (.activation(let x), .constant(let constant)):
      return try arithmetic(node, kind, x, constant, constantIsFirst: false, activation: code)
    case (.constant(let constant), .activation(let x)):
      return try arithmetic(node, kind, x, constant, constantIsFirst: true, activation: code)
    default: throw .damaged("its operands are constants")
    }
  }

  private mutating func arithmetic(
    _ node: TFLiteNode, _ kind: TFLiteArithmetic, _ x: ValueID, _ constant: TFLiteConstant, constantIsFirst: Bool,
    activation code: Int
  ) throws(Unsupported) -> [TFLiteOperand] {
    let output = try node.outputs[0].activationQuantization()
    if let input = graph[x].quantization, let output, let (byte, rule) = constant.singleByte,
      constant.shape.count <= shape(x).count,
      let table = kind.table(input: input, output: output, byte, rule, constantIsFirst: constantIsFirst)
    {
      return try finish(
        Activation(.clip(low: -.infinity, high: .infinity), definedTable: table), [x], node, activation: code)
    }
    if kind == .multiply, let weights = exactFactors(constant, x), output != nil {
      return try finish(DepthwiseConv2D(), [x] + weights, node, activation: code)
    }
    let values = constant.reals
    if output != nil { notes.append("\(node.name): its constant operand is rounded anew") }
    if kind == .divide, constantIsFirst {
      guard output == nil else {
        throw Unsupported("it divides a constant by quantized values", "Divide in float, or multiply by a constant")
      }
      let inverse = try emit(Activation(.reciprocal), [x], "\(node.name)/reciprocal", quantization: nil)
      let result = try affine(
        inverse, factors: constant.shape, values, addends: nil, node.name, quantization: nil)
      return try finished(result, node, activation: code)
    }
    var (factors, addends): ([Float], [Float]?) = ([Float](repeating: 1, count: values.count), nil)
    switch kind {
    case .add: addends = values
    case .subtract where constantIsFirst: (factors, addends) = (values.map { _ in -1 }, values)
    case .subtract: addends = values.map { -$0 }
    case .multiply: factors = values
    case .divide:
      guard !values.contains(0) else { throw Unsupported("it divides by 0", "Remove the division") }
      factors = values.map { 1 / $0 }
    }
    let result = try affine(
      x, factors: constant.shape, factors, addends: addends, code == 0 ? node.name : "\(node.name)/linear",
      quantization: output)
    return try finished(result, node, activation: code)
  }

  /// An int8 constant of one number a channel as the weights and biases of a 1×1 depthwise convolution, which is then
  /// XNNPACK's product; nil where there is none.
  private mutating func exactFactors(_ constant: TFLiteConstant, _ x: ValueID) -> [ValueID]? {
    guard shape(x).count == 4, let channels = shape(x).last, case .bytes(let list) = constant.elements,
      list.count == channels, constant.shape.last == channels, let rule = constant.quantization,
      rule.scales.count == 1, graph[x].quantization != nil
    else { return nil }
    let factors = list.map { Int($0) &- rule.zeroPoints[0] }
    guard factors.allSatisfy({ (-128...127).contains($0) }) else { return nil }
    let weights = graph.addConstant(
      "factors", Tensor(shape: [1, 1, channels], values: factors.map { Float($0) * rule.scales[0] }))
    graph[weights].quantizedWeights = QuantizedWeights(
      values: factors.map { Int8($0) }, scales: list.map { _ in rule.scales[0] }, biases: list.map { _ in 0 },
      roundsFactorsStepwise: true)
    return [weights, graph.addConstant("zeros", Tensor(shape: [channels]))]
  }

  /// A fused activation applied to a value that is there already.
  private mutating func finished(
    _ value: ValueID, _ node: TFLiteNode, activation code: Int
  ) throws(Unsupported) -> [TFLiteOperand] {
    let isQuantized = graph[value].quantization != nil
    guard let function = try fusedActivation(code, isQuantized: isQuantized) else { return [.activation(value)] }
    return try finish(Activation(function), [value], node)
  }

  /// x · factors + addends, which differ along at most one axis of x.
  ///
  /// - Parameter factors: the shape of the constants, aligned at x's last axis.
  mutating func affine(
    _ x: ValueID, factors shape: [Int], _ factors: [Float], addends: [Float]?, _ name: String,
    quantization: Quantization?
  ) throws(Unsupported) -> ValueID {
    let whole = self.shape(x)
    let padded = [Int](repeating: 1, count: max(0, whole.count - shape.count)) + shape
    let varying = padded.indices.filter { padded[$0] != 1 }
    guard padded.count == whole.count, varying.count <= 1, varying.allSatisfy({ padded[$0] == whole[$0] }) else {
      throw Unsupported(
        "its constant has the shape \(shape) and its activation \(whole)",
        "Only constants of one value a channel, or along one other axis, can be imported")
    }
    guard let axis = varying.first, axis != whole.count - 1 else {
      return try affine(x, factors, addends, name, quantization: quantization)
    }
    // The axis goes to the end and back.
    let order = whole.indices.filter { $0 != axis } + [axis]
    let inverse = whole.indices.map { order.firstIndex(of: $0) ?? 0 }
    let turned = try emit(
      Transpose(permutation: order), [x], "\(name)/turned", quantization: graph[x].quantization)
    let result = try affine(turned, factors, addends, "\(name)/affine", quantization: quantization)
    return try emit(Transpose(permutation: inverse), [result], name, quantization: quantization)
  }

  private mutating func affine(
    _ x: ValueID, _ factors: [Float], _ addends: [Float]?, _ name: String, quantization: Quantization?
  ) throws(Unsupported) -> ValueID {
    let channels = shape(x).last ?? 1
    try reserve(4 * channels)
    func spread(_ list: [Float]) -> [Float] {
      list.count == 1 ? [Float](repeating: list[0], count: channels) : list
    }
    let zeros = [Float](repeating: 0, count: channels)
    let constants = [spread(factors), addends.map(spread) ?? zeros, zeros, zeros.map { _ in 1 }].map {
      graph.addConstant("\(name)/constant", Tensor(shape: [channels], values: $0))
    }
    let image = shape(x).isEmpty ? try reshaped(x, [1], "\(name)/scalar") : x
    return try emit(BatchNormalization(epsilon: 0), [image] + constants, name, quantization: quantization)
  }

  /// factor · x. Of int8 values the bytes stay, and their scale changes.
  mutating func scaled(_ x: ValueID, by factor: Float, _ name: String) throws(Unsupported) -> ValueID {
    var rule = graph[x].quantization
    rule?.scale *= factor
    guard rule == nil || rule?.scale.isNormal == true else { throw .damaged("its scale times \(factor) is no number") }
    return try affine(x, [factor], nil, name, quantization: rule)
  }
}

/// The four operations.
enum TFLiteArithmetic {
  case add, subtract, multiply, divide

  /// - Parameter isExact: whether XNNPACK's bytes are wanted.
  func operation(isExact: Bool) -> any Operator {
    switch self {
    case .add: Add(isFixedPoint: isExact)
    case .subtract: Subtract(isFixedPoint: isExact)
    case .multiply: Multiply(roundsFactorStepwise: isExact)
    case .divide: Divide()
    }
  }

  /// The operation with one constant byte as a table, by XNNPACK's rules; nil where it has none.
  func table(
    input: Quantization, output: Quantization, _ byte: Int, _ rule: Quantization, constantIsFirst: Bool
  ) -> [UInt8]? {
    let table = TFLiteTable(input: input, output: output)
    let constant = byte - Int(rule.zeroPoint)
    switch self {
    case .multiply:
      let factor = (constantIsFirst ? rule.scale * input.scale : input.scale * rule.scale) / output.scale
      return table.entries { distance in
        let product = (Float(distance * constant) * factor).rounded(.toNearestOrEven)
        return product.isNaN ? 0 : Int(max(-1000, min(1000, product)))
      }
    case .add, .subtract:
      guard let sum = FixedPointSum(input.scale, rule.scale, output: output.scale) else { return nil }
      let (signX, signC) = self == .add ? (1, 1) : constantIsFirst ? (-1, 1) : (1, -1)
      let half = 1 << (Int(sum.shift) - 1)
      return table.entries { distance in
        let product = signX * distance * Int(sum.multiplierA) + signC * constant * Int(sum.multiplierB)
        return (product + half) >> Int(sum.shift)
      }
    case .divide: return nil
    }
  }
}
