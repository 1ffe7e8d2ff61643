import Graph

/// LRN: across channels, x / (bias + alpha / size · Σ x²)^beta over `size` channels.
func importLocalResponseNormalization(
  _ context: inout Translator, _ node: NodeArguments
) throws(Unsupported) -> [Operand] {
  let size = node.integer("size", default: 0)
  guard (1...1 << 20).contains(size) else { throw .invalid("its size is \(size)") }
  let operation = LocalResponseNormalization(
    before: (size - 1) / 2, after: size / 2, alpha: node.float("alpha", default: 1e-4) / Float(size),
    beta: node.float("beta", default: 0.75), bias: node.float("bias", default: 1))
  let x = try node.activation(0)
  guard x.rank >= 2 else { throw .invalid("its input of shape \(x.shape) has no channels") }
  var view = try context.trailingInOrder(x, x.source[1], name: node.name)
  view.id = try context.emit(operation, [view.id], name: node.name)
  return [.activation(view)]
}

/// LpNormalization of one axis.
func importLpNormalization(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  let axis = try node.normalizedAxes([node.integer("axis", default: -1)], rank: x.rank)[0]
  let order = node.integer("p", default: 2)
  guard order == 1 || order == 2 else { throw .invalid("its p is \(order)") }
  var view = try context.trailing(x, x.source[axis], name: node.name)
  view.id = try context.emit(LpNormalization(order: order), [view.id], name: node.name)
  return [.activation(view)]
}

/// LpPool of any order.
func importLpPool(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (image, window, roundsUp) = try poolingArguments(&context, node)
  let operation = LpPool(
    order: node.integer("p", default: 2), window: window.kernel, stride: window.stride, dilation: window.dilation,
    padding: window.padding, roundsUp: roundsUp)
  let output = try context.emit(operation, [image.id], name: node.name)
  return [.activation(context.imageResult(output, of: image, keepsChannels: true))]
}

/// GlobalLpPool: the norm over all but batch and channels.
func importGlobalLpPool(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  let order = node.integer("p", default: 2)
  let axes = Array(2..<max(2, x.rank))
  return [.activation(try context.reduced(x, axes, keepsAxes: true, .norm(order), node.name))]
}

extension Translator {
  /// The value with these atoms as its last dimension in just this order.
  mutating func trailingInOrder(
    _ view: ActivationView, _ list: [Int], name: String
  ) throws(Unsupported) -> ActivationView {
    if view.inStoredOrder(list) == list { return try trailing(view, list, name: name) }
    let batch = view.source[0].filter { !list.contains($0) }
    let others = view.stored.filter { !list.contains($0) && !batch.contains($0) }
    return try arranged(view, as: [batch, others, list], name: name)
  }
}
