import Graph

extension Translator {
  /// A function of every element.
  mutating func activation(
    _ function: Activation.Function, _ node: NodeArguments
  ) throws(Unsupported) -> [Operand] {
    var view = try node.activation(0)
    view.id = try emit(Activation(function), [view.id], name: node.name)
    return [.activation(view)]
  }
}

/// The handler of a function of every element.
func function(_ function: Activation.Function) -> NodeHandler {
  { (context: inout Translator, node: NodeArguments) throws(Unsupported) -> [Operand] in
    try context.activation(function, node)
  }
}

/// The handler of a function whose constants are the node's attributes.
func function(_ function: @escaping @Sendable (NodeArguments) -> Activation.Function) -> NodeHandler {
  { (context: inout Translator, node: NodeArguments) throws(Unsupported) -> [Operand] in
    try context.activation(function(node), node)
  }
}

/// x · sigmoid(alpha · x).
func importSwish(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let alpha = node.float("alpha", default: 1)
  if alpha == 1 { return try context.activation(.swish, node) }
  let x = try node.activation(0)
  var gate = try context.scaled(x, by: alpha, name: "\(node.name)/scaled")
  gate.id = try context.emit(Activation(.sigmoid), [gate.id], name: "\(node.name)/gate")
  return [.activation(try context.broadcast(Multiply(), x, gate, name: node.name))]
}

/// x to a constant power.
func importPower(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let exponents = try node.constant(1).floats
  guard let exponent = exponents.first, exponents.allSatisfy({ $0 == exponent }) else {
    throw Unsupported("its exponents differ from place to place", "Use one exponent")
  }
  if exponent == 1 { return [.activation(try node.activation(0))] }
  return try context.activation(exponent == 0.5 ? .squareRoot : .power(exponent), node)
}

/// PRelu. Slopes that differ make it a maximum or minimum of x and slope · x, or where some are above 1 and some below, a
/// sum of x's positive part and slope · its negative one.
func importPRelu(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let constant = try node.constant(1)
  let slopes = constant.floats
  guard let slope = slopes.first else { throw .invalid("it has no slopes") }
  if slopes.allSatisfy({ $0 == slope }) { return try context.activation(.leakyRelu(slope: slope), node) }
  let x = try node.activation(0)
  if slopes.allSatisfy({ $0 <= 1 }) || slopes.allSatisfy({ $0 >= 1 }) {
    let scaled = try context.combined(.multiply, node, name: "\(node.name)/slopes")
    let operation: any Operator = slopes.allSatisfy { $0 <= 1 } ? Maximum() : Minimum()
    return [.activation(try context.broadcast(operation, x, scaled, name: node.name))]
  }
  var (positive, negative) = (x, x)
  positive.id = try context.emit(Activation(.relu), [x.id], name: "\(node.name)/positive")
  negative.id = try context.emit(
    Activation(.clip(low: -.infinity, high: 0)), [x.id], name: "\(node.name)/negative")
  let scaled = try context.combined(
    .multiply, node.with([.activation(negative), .constant(constant)]), name: "\(node.name)/slopes")
  return [.activation(try context.broadcast(Add(), positive, scaled, name: node.name))]
}

/// Clip with its limits as attributes (before opset 11) or as inputs; a missing one is no limit.
func importClip(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let low = try node.scalar(1) ?? node.float("min", default: -.infinity)
  let high = try node.scalar(2) ?? node.float("max", default: .infinity)
  return try context.clip(node, low: low, high: high)
}

/// Max(x, limit).
func importMax(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (x, limit) = try limitArguments(node)
  return try context.clip(x, low: limit, high: .infinity)
}

/// Min(x, limit).
func importMin(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (x, limit) = try limitArguments(node)
  return try context.clip(x, low: -.infinity, high: limit)
}

/// The operands with the activation first, and the other one, a constant number.
private func limitArguments(_ node: NodeArguments) throws(Unsupported) -> (NodeArguments, Float) {
  var operands = node.operands
  if operands.count == 2, case .constant = operands[0] { operands.swapAt(0, 1) }
  guard operands.count == 2, case .constant(let limit) = operands[1], limit.count == 1 else {
    throw Unsupported(
      "its operands are not one activation and one constant number", "Use Clip, Relu or MaxPool instead")
  }
  return (node.with(operands), limit.floats[0])
}

extension Translator {
  fileprivate mutating func clip(
    _ node: NodeArguments, low: Float, high: Float
  ) throws(Unsupported) -> [Operand] {
    let low = low <= -Float.greatestFiniteMagnitude ? -Float.infinity : low
    let high = high >= Float.greatestFiniteMagnitude ? Float.infinity : high
    guard !low.isNaN, !high.isNaN, low <= high else {
      throw .invalid("its limits \(low) and \(high) leave no range")
    }
    if low == -.infinity, high == .infinity { return [.activation(try node.activation(0))] }
    return try activation(low == 0 && high == .infinity ? .relu : .clip(low: low, high: high), node)
  }
}

/// The handler of Softmax or LogSoftmax over one axis, or before opset 13 over all axes from it.
func softmax(_ operation: any Operator) -> NodeHandler {
  { (context: inout Translator, node: NodeArguments) throws(Unsupported) -> [Operand] in
    let x = try node.activation(0)
    let isCoerced = node.operatorSet < 13
    let axis = node.integer("axis", default: isCoerced ? 1 : -1)
    let first = try node.normalizedAxes([axis], rank: x.rank)[0]
    let atoms = isCoerced ? x.source[first...].flatMap { $0 } : x.source[first]
    var view = try context.trailing(x, atoms, name: node.name)
    view.id = try context.emit(operation, [view.id], name: node.name)
    return [.activation(view)]
  }
}
