import Graph

/// BatchNormalization with the statistics of training.
func importBatchNormalization(
  _ context: inout Translator, _ node: NodeArguments
) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  guard node.integer("training_mode", default: 0) == 0 else {
    throw Unsupported("it is in training mode", "Export the model in evaluation mode (model.eval())")
  }
  guard node.integer("spatial", default: 1) == 1 else {
    throw Unsupported("it normalizes every pixel by itself (spatial 0)", "Export with spatial 1")
  }
  guard x.rank >= 2 else { throw .invalid("its input of shape \(x.shape) has no channels") }
  let view = try context.perChannel(x, varying: x.source[1], name: node.name)
  var lists: [[Float]] = []
  for index in 1...4 {
    var constant = try node.constant(index)
    guard constant.count == x.shape[1] else {
      throw .invalid("its input \(index) has \(constant.count) elements for \(x.shape[1]) channels")
    }
    constant.shape = x.source.indices.map { $0 == 1 ? constant.count : 1 }
    lists.append(try context.expanded(constant, over: view.dims[view.dims.count - 1], of: view))
  }
  let result = try context.normalized(
    view, scale: lists[0], shift: lists[1], mean: lists[2], variance: lists[3],
    epsilon: node.float("epsilon", default: 1e-5), name: node.name)
  return [.activation(result)]
}

extension Translator {
  /// The value with its last dimension such that a constant that differs along the atoms `varying` is one value for each
  /// index of that dimension. Channels of an image come last by a transpose if need be; else nothing moves.
  mutating func perChannel(
    _ x: ActivationView, varying: [Int], name: String
  ) throws(Unsupported) -> ActivationView {
    let stored = x.stored
    guard let first = stored.firstIndex(where: varying.contains) else {
      return x.dims.count > 1 ? x : try arranged(x, as: [[]] + (x.dims.isEmpty ? [[]] : x.dims), name: name)
    }
    let last = Array(stored[first...])
    if let current = x.dims.last, current == last, x.dims.count > 1 { return x }
    if x.rank == 3 || x.rank == 4, varying.allSatisfy(x.source[1].contains), last.count > x.source[1].count {
      return try channelsLast(x, name: name)
    }
    var leading: [[Int]] = []
    for dim in x.dims where !dim.contains(where: last.contains) { leading.append(dim) }
    for dim in x.dims where dim.contains(where: last.contains) {
      let rest = dim.filter { !last.contains($0) }
      if !rest.isEmpty { leading.append(rest) }
    }
    return try arranged(x, as: (leading.isEmpty ? [[]] : leading) + [last], name: name)
  }

  /// A batch normalization of the last dimension.
  mutating func normalized(
    _ x: ActivationView, scale: [Float], shift: [Float], mean: [Float], variance: [Float], epsilon: Float, name: String
  ) throws(Unsupported) -> ActivationView {
    let constants = [("scale", scale), ("shift", shift), ("mean", mean), ("variance", variance)].map {
      graph.addConstant("\(name)/\($0)", Tensor(shape: [$1.count], values: $1))
    }
    var result = x
    result.id = try emit(BatchNormalization(epsilon: epsilon), [x.id] + constants, name: name)
    return result
  }
}
