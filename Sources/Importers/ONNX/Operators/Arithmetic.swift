import Graph

/// The four rules of arithmetic between tensors.
enum Arithmetic {
  case add, subtract, multiply, divide
}

func importAdd(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  [.activation(try context.combined(.add, node))]
}

/// Sum of any number of operands.
func importSum(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  guard var result = node.operands.first ?? nil else { throw .invalid("it has no operands") }
  for (index, operand) in node.operands.enumerated().dropFirst() {
    let pair = node.with([result, operand])
    if case .constant = result, case .constant = operand {
      result = try foldAdd(&context, pair)[0]
    } else {
      let isLast = index == node.operands.count - 1
      result = .activation(try context.combined(.add, pair, name: isLast ? node.name : "\(node.name)/\(index)"))
    }
  }
  return [result]
}

/// Mean of any number of operands.
func importMean(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let factor = 1 / Float(max(1, node.operands.count))
  switch try importSum(&context, node)[0] {
  case .constant(let sum):
    return [.constant(Constant(shape: sum.shape, elements: .floats(sum.floats.map { $0 * factor })))]
  case .activation(let sum):
    return [.activation(try context.scaled(sum, by: factor, name: "\(node.name)/mean"))]
  case .unavailable: return [.unavailable]
  }
}

func importSubtract(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  [.activation(try context.combined(.subtract, node))]
}

func importMultiply(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  [.activation(try context.combined(.multiply, node))]
}

func importDivide(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  [.activation(try context.combined(.divide, node))]
}

/// −x.
func importNegation(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  return [.activation(try context.scaled(x, by: -1, name: node.name))]
}

extension Translator {
  /// An operator of two operands of which at least one is an activation.
  mutating func combined(
    _ rule: Arithmetic, _ node: NodeArguments, name: String? = nil
  ) throws(Unsupported) -> ActivationView {
    let name = name ?? node.name
    guard node.operands.count == 2, let first = node.operands[0], let second = node.operands[1] else {
      throw Unsupported("it has \(node.operands.count) operands", "Only two operands can be imported")
    }
    switch (first, second) {
    case (.activation(let x), .constant(let constant)):
      return try affine(x, constant, rule, isReversed: false, name: name)
    case (.constant(let constant), .activation(let x)):
      return try affine(x, constant, rule, isReversed: true, name: name)
    case (.activation(let a), .activation(let b)):
      switch rule {
      case .add: return try broadcast(Add(), a, b, name: name)
      case .subtract: return try broadcast(Subtract(), a, b, name: name)
      case .multiply:
        if let gated = try gatedActivation(a, b, name: name) { return gated }
        if let gated = try gatedActivation(b, a, name: name) { return gated }
        return try broadcast(Multiply(), a, b, name: name)
      case .divide: return try broadcast(Divide(), a, b, name: name)
      }
    default: throw .invalid("its operands are not tensors")
    }
  }

  /// x · sigmoid(x) and x · hardSigmoid(x), which are functions of one argument; nil when `gate` is neither of `x`.
  private mutating func gatedActivation(
    _ x: ActivationView, _ gate: ActivationView, name: String
  ) throws(Unsupported) -> ActivationView? {
    guard x.source == gate.source, x.dims == gate.dims, x.atoms == gate.atoms, let producer = producers[gate.id],
      graph.nodes[producer].inputs == [x.id], let gating = graph.nodes[producer].operation as? Activation
    else { return nil }
    var result = x
    switch gating.function {
    case .sigmoid: result.id = try emit(Activation(.swish), [x.id], name: name)
    case .hardSigmoid(let alpha, let beta) where abs(alpha - 1 / 6) < 1e-6 && beta == 0.5:
      result.id = try emit(Activation(.hardSwish), [x.id], name: name)
    default: return nil
    }
    return result
  }

  /// x and a constant.
  private mutating func affine(
    _ x: ActivationView, _ constant: Constant, _ rule: Arithmetic, isReversed: Bool, name: String
  ) throws(Unsupported) -> ActivationView {
    var (x, constant) = (x, constant)
    while x.rank < constant.shape.count { x.source.insert([], at: 0) }
    while constant.shape.count < x.rank { constant.shape.insert(1, at: 0) }
    for axis in 0..<x.rank where constant.shape[axis] != 1 && constant.shape[axis] != x.shape[axis] {
      guard x.shape[axis] == 1 else {
        throw .invalid("its constant of shape \(constant.shape) does not fit an input of shape \(x.shape)")
      }
      throw Unsupported(
        "its constant of shape \(constant.shape) enlarges the input of shape \(x.shape)",
        "Only constants that are not larger than the activation can be imported")
    }
    if let value = constant.floats.first, constant.floats.allSatisfy({ $0 == value }) {
      constant = Constant(shape: [Int](repeating: 1, count: x.rank), elements: .floats([value]))
    }
    let varying = x.source.indices.filter { constant.shape[$0] != 1 }.flatMap { x.source[$0] }
    let view = try perChannel(x, varying: varying, name: name)
    let values = try expanded(constant, over: view.dims[view.dims.count - 1], of: view)
    let (ones, zeros) = ([Float](repeating: 1, count: values.count), [Float](repeating: 0, count: values.count))
    switch rule {
    case .add: return try multiplyAdd(view, ones, values, name: name)
    case .subtract where isReversed: return try multiplyAdd(view, ones.map { -$0 }, values, name: name)
    case .subtract: return try multiplyAdd(view, ones, values.map { -$0 }, name: name)
    case .multiply: return try multiplyAdd(view, values, zeros, name: name)
    case .divide:
      if isReversed { return try quotient(values, view, name: name) }
      guard !values.contains(0) else { throw .invalid("it divides by a constant zero") }
      return try multiplyAdd(view, values.map { 1 / $0 }, zeros, name: name)
    }
  }

  /// A constant of one value a channel, divided by x.
  private mutating func quotient(
    _ values: [Float], _ x: ActivationView, name: String
  ) throws(Unsupported) -> ActivationView {
    var result = x
    result.id = try emit(Activation(.reciprocal), [x.id], name: "\(name)/reciprocal")
    if values.allSatisfy({ $0 == 1 }) { return result }
    return try multiplyAdd(result, values, [Float](repeating: 0, count: values.count), name: name)
  }

  /// x · factor.
  mutating func scaled(_ x: ActivationView, by factor: Float, name: String) throws(Unsupported) -> ActivationView {
    let view = try perChannel(x, varying: [], name: name)
    let channels = view.size(view.dims[view.dims.count - 1])
    try reserve(channels)
    return try multiplyAdd(
      view, [Float](repeating: factor, count: channels), [Float](repeating: 0, count: channels), name: name)
  }

  /// x · scale + shift over the last dimension, as a batch normalization with mean 0 and variance 1.
  private mutating func multiplyAdd(
    _ x: ActivationView, _ scale: [Float], _ shift: [Float], name: String
  ) throws(Unsupported) -> ActivationView {
    try reserve(4 * scale.count)
    let zeros = [Float](repeating: 0, count: scale.count)
    let ones = [Float](repeating: 1, count: scale.count)
    return try normalized(x, scale: scale, shift: shift, mean: zeros, variance: ones, epsilon: 0, name: name)
  }
}
