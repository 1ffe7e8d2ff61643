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

func importRelu(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.activation(.relu, node)
}

func importSigmoid(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.activation(.sigmoid, node)
}

func importTanh(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.activation(.tanh, node)
}

func importHardSwish(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.activation(.hardSwish, node)
}

func importLeakyRelu(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.activation(.leakyRelu(slope: node.float("alpha", default: 0.01)), node)
}

func importHardSigmoid(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (alpha, beta) = (node.float("alpha", default: 0.2), node.float("beta", default: 0.5))
  return try context.activation(.hardSigmoid(alpha: alpha, beta: beta), node)
}

/// PRelu with one slope for all channels.
func importPRelu(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let slopes = try node.constant(1).floats
  guard let slope = slopes.first, slopes.allSatisfy({ $0 == slope }) else {
    throw Unsupported("its slopes differ from channel to channel", "Use one slope, or LeakyRelu")
  }
  return try context.activation(.leakyRelu(slope: slope), node)
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

/// Softmax over one axis, or before opset 13 over all axes from it.
func importSoftmax(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  let isCoerced = node.operatorSet < 13
  let axis = node.integer("axis", default: isCoerced ? 1 : -1)
  let first = try node.normalizedAxes([axis], rank: x.rank)[0]
  let atoms = isCoerced ? x.source[first...].flatMap { $0 } : x.source[first]
  var view = try context.trailing(x, atoms, name: node.name)
  view.id = try context.emit(Softmax(), [view.id], name: node.name)
  return [.activation(view)]
}
