import Graph

extension TFLiteTranslator {
  /// ADD of two activations, or of one and a constant.
  static func add(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    try translator.arithmetic(node, Add()) { (value, _) throws(Unsupported) in (1, value) }
  }

  /// SUB of two activations, or of one and a constant.
  static func subtract(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    try translator.arithmetic(node, Subtract()) { (value, isFirst) throws(Unsupported) in
      isFirst ? (-1, value) : (1, -value)
    }
  }

  /// MUL of two activations, or of one and a constant.
  static func multiply(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    try translator.arithmetic(node, Multiply()) { (value, _) throws(Unsupported) in (value, 0) }
  }

  /// DIV by a constant.
  static func divide(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    try translator.arithmetic(node, nil) { (value, isFirst) throws(Unsupported) in
      guard !isFirst, value != 0 else {
        throw Unsupported("it divides by an activation or by 0", "Only division by a constant can be imported")
      }
      return (1 / value, 0)
    }
  }

  /// MAXIMUM of two activations.
  static func maximum(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    try translator.finish(
      Maximum(), [try translator.activation(node, 0), try translator.activation(node, 1)], node)
  }

  /// MINIMUM of two activations.
  static func minimum(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    try translator.finish(
      Minimum(), [try translator.activation(node, 0), try translator.activation(node, 1)], node)
  }

  /// - Parameter affine: for a constant operand (and whether it comes first), the activation's factor and what is added.
  private mutating func arithmetic(
    _ node: TFLiteNode, _ operation: (any Operator)?,
    affine: (Float, _ isFirst: Bool) throws(Unsupported) -> (factor: Float, addend: Float)
  ) throws(Unsupported) -> [TFLiteOperand] {
    guard node.operands.count == 2, node.has(0), node.has(1) else { throw .damaged("it does not have two operands") }
    let code = try node.option(0, as: Int8.self)
    let operands = (node.operands[0], node.operands[1])
    switch operands {
    case (.activation(let a), .activation(let b)):
      guard let operation else {
        throw Unsupported("it divides by an activation", "Only division by a constant can be imported")
      }
      return try finish(operation, [a, b], node, activation: code)
    case (.activation(let x), .constant(let constant)), (.constant(let constant), .activation(let x)):
      var isFirst = false
      if case .constant = operands.0 { isFirst = true }
      let channels = shape(x).last ?? 1
      var values = constant.reals
      let isPerChannel = constant.shape.last == channels && constant.shape.dropLast().allSatisfy { $0 == 1 }
      guard values.count == 1 || isPerChannel, constant.shape.count <= shape(x).count else {
        throw Unsupported(
          "its constant has the shape \(constant.shape)", "Only constants of one value a channel can be imported")
      }
      try reserve(4 * channels)
      if values.count == 1 { values = [Float](repeating: values[0], count: channels) }
      var (factors, addends): ([Float], [Float]) = ([], [])
      for value in values {
        let (factor, addend) = try affine(value, isFirst)
        factors.append(factor)
        addends.append(addend)
      }
      if graph[x].quantization != nil { notes.append("\(node.name): its constant operand is rounded anew") }
      let zeros = [Float](repeating: 0, count: channels)
      let constants = [factors, addends, zeros, zeros.map { _ in 1 }].map {
        graph.addConstant("\(node.name)/constant", Tensor(shape: [channels], values: $0))
      }
      return try finish(BatchNormalization(epsilon: 0), [x] + constants, node, activation: code)
    default: throw .damaged("its operands are constants")
    }
  }
}
