import Graph

/// InstanceNormalization: each channel by its own mean and variance.
func importInstanceNormalization(
  _ context: inout Translator, _ node: NodeArguments
) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  guard x.rank >= 3 else { throw .invalid("its input of shape \(x.shape) has no pixels") }
  return [
    .activation(try context.instanceNormalized(x, node, scale: try node.constant(1), shift: try node.constant(2)))
  ]
}

/// MeanVarianceNormalization over rows and columns.
func importMeanVarianceNormalization(
  _ context: inout Translator, _ node: NodeArguments
) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  let axes = try node.normalizedAxes(node.integers(named: "axes") ?? [0, 2, 3], rank: x.rank)
  let isInstance = x.rank >= 3 && (0..<x.rank).allSatisfy { axes.contains($0) == ($0 > 1) || x.shape[$0] == 1 }
  guard isInstance else {
    throw Unsupported(
      "its axes are \(axes)", "Only a normalization of each channel of one image (axes 2 and 3) can be imported")
  }
  let channels = x.shape[1]
  let ones = Constant(shape: [channels], elements: .floats([Float](repeating: 1, count: channels)))
  let zeros = Constant(shape: [channels], elements: .floats([Float](repeating: 0, count: channels)))
  return [.activation(try context.instanceNormalized(x, node, scale: ones, shift: zeros, epsilon: 1e-9))]
}

/// GroupNormalization; scale and bias are one value a channel, or before opset 21 one a group.
func importGroupNormalization(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  let groups = node.integer("num_groups", default: 0)
  guard x.rank >= 3, groups > 0, x.shape[1] % groups == 0 else {
    throw .invalid("\(groups) groups do not divide an input of shape \(x.shape)")
  }
  let view: ActivationView
  if x.rank <= 4 {
    view = try context.image(x, name: node.name)
  } else {
    let others = x.stored.filter { !x.source[1].contains($0) && !x.source[0].contains($0) }
    view = try context.arranged(x, as: [x.source[0], others, x.source[1]], name: node.name)
  }
  let size = x.shape[1] / groups
  func values(_ index: Int) throws(Unsupported) -> [Float] {
    let list = try node.constant(index).floats
    if list.count == x.shape[1] { return list }
    guard list.count == groups else {
      throw .invalid("its input \(index) has \(list.count) elements for \(x.shape[1]) channels")
    }
    return list.flatMap { [Float](repeating: $0, count: size) }
  }
  return [
    .activation(
      try context.normalized(
        view, GroupNormalization(groups: groups, extent: .image, epsilon: node.epsilon), scale: try values(1),
        shift: try values(2), name: node.name))
  ]
}

/// LayerNormalization over all axes from one on; its optional outputs are not given.
func importLayerNormalization(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  let axis = try node.normalizedAxes([node.integer("axis", default: -1)], rank: x.rank)[0]
  let view = try context.trailing(x, x.source[axis...].flatMap { $0 }, name: node.name)
  let last = view.dims[view.dims.count - 1]
  func values(_ index: Int, default value: Float) throws(Unsupported) -> [Float] {
    guard var constant = try node.optionalConstant(index) else {
      try context.reserve(view.size(last))
      return [Float](repeating: value, count: view.size(last))
    }
    let sizes = constant.shape
    constant.shape = [Int](repeating: 1, count: max(0, x.rank - sizes.count)) + sizes
    guard constant.shape.count == x.rank,
      (0..<x.rank).allSatisfy({ constant.shape[$0] == 1 || ($0 >= axis && constant.shape[$0] == x.shape[$0]) })
    else { throw .invalid("its input \(index) of shape \(sizes) does not fit axes from \(axis) on of \(x.shape)") }
    return try context.expanded(constant, over: last, of: view)
  }
  return [
    .activation(
      try context.normalized(
        view, GroupNormalization(groups: 1, extent: .pixel, epsilon: node.epsilon),
        scale: try values(1, default: 1), shift: try values(2, default: 0), name: node.name))
  ]
}

extension NodeArguments {
  fileprivate var epsilon: Float { float("epsilon", default: 1e-5) }
}

extension Translator {
  /// Each index of axis 1 by its own mean and variance over the axes behind it.
  ///
  /// Where the value lies so that axis 1 is the front of its last dimension, as in the groups of channels that PyTorch
  /// exports a group normalization as, nothing moves.
  fileprivate mutating func instanceNormalized(
    _ x: ActivationView, _ node: NodeArguments, scale: Constant, shift: Constant, epsilon: Float? = nil
  ) throws(Unsupported) -> ActivationView {
    let batch = x.source[0]
    let memory = x.stored.filter { !batch.contains($0) }
    let own = x.inStoredOrder(x.source[1])
    let start = own.first.flatMap { memory.firstIndex(of: $0) } ?? memory.count
    let last = Array(memory[start...])
    var view: ActivationView
    if x.stored.starts(with: batch), last.starts(with: own), x.dims.last?.suffix(last.count) == last[...] {
      view = x
      if x.dims.last != last || x.dims.count < 2 || x.dims[0] != batch {
        view = try arranged(x, as: [batch, Array(memory[..<start]), last], name: node.name)
      }
    } else {
      let others = memory.filter { !own.contains($0) }
      view =
        x.rank <= 4 ? try channelsLast(x, name: node.name) : try arranged(x, as: [batch, others, own], name: node.name)
    }
    func values(_ constant: Constant, _ what: String) throws(Unsupported) -> [Float] {
      guard constant.count == x.shape[1] else {
        throw .invalid("its \(what) has \(constant.count) elements for \(x.shape[1]) channels")
      }
      let spread = Constant(
        shape: x.source.indices.map { $0 == 1 ? constant.count : 1 }, elements: constant.elements)
      return try expanded(spread, over: view.dims[view.dims.count - 1], of: view)
    }
    return try normalized(
      view,
      GroupNormalization(groups: x.shape[1], extent: .image, epsilon: epsilon ?? node.epsilon),
      scale: try values(scale, "scale"), shift: try values(shift, "shift"), name: node.name)
  }

  fileprivate mutating func normalized(
    _ view: ActivationView, _ operation: GroupNormalization, scale: [Float], shift: [Float], name: String
  ) throws(Unsupported) -> ActivationView {
    let constants = [("scale", scale), ("shift", shift)].map {
      graph.addConstant("\(name)/\($0)", Tensor(shape: [$1.count], values: $1))
    }
    var result = view
    result.id = try emit(operation, [view.id] + constants, name: name)
    return result
  }
}
