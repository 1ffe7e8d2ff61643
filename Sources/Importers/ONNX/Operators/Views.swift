import Graph

/// Identity, and Dropout, which does nothing outside training.
func importIdentity(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  guard let operand = node.operands.first ?? nil else { throw .invalid("its input 0 is missing") }
  return [operand]
}

/// Cast between float types.
func importCast(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let type = node.integer("to", default: 1)
  if ONNXTensor.isFloatingPoint(type), let code = try node.activation(0).code {
    return [.activation(try context.integersAsNumbers(try node.activation(0), code))]
  }
  guard ONNXTensor.isFloatingPoint(type) else {
    throw Unsupported(
      "it converts an activation to \(ONNXTensor.typeName(type))", "Only casts between float types can be imported")
  }
  return try importIdentity(&context, node)
}

/// Shape of an activation: known now.
func importShape(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  [.constant(node.shapePart(try node.activation(0).shape))]
}

extension NodeArguments {
  /// The part of a shape from the attribute start to the attribute end.
  func shapePart(_ shape: [Int]) -> Constant {
    func clamped(_ index: Int) -> Int { max(0, min(shape.count, index < 0 ? index &+ shape.count : index)) }
    let start = clamped(integer("start", default: 0))
    let end = clamped(integer("end", default: shape.count))
    return .list(start < end ? Array(shape[start..<end]) : [])
  }
}

/// Size of an activation: known now.
func importSize(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  [.constant(Constant(shape: [], elements: .integers([try node.activation(0).count])))]
}

func importFlatten(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  let axis = node.integer("axis", default: 1)
  let first = axis == x.rank ? x.rank : try node.normalizedAxes([axis], rank: x.rank)[0]
  let shape = [x.shape[..<first].reduce(1, *), x.shape[first...].reduce(1, *)]
  return [.activation(try context.reshaped(x, shape, name: node.name))]
}

func importReshape(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  let shape = try node.targetShape(from: x.shape, count: x.count)
  return [.activation(try context.reshaped(x, shape, name: node.name))]
}

extension NodeArguments {
  /// Reshape's result, with its 0 (as in the input) and −1 (whatever is left) resolved.
  func targetShape(from shape: [Int], count: Int) throws(Unsupported) -> [Int] {
    guard var target = try integers(1) ?? integers(named: "shape") else { throw .invalid("it names no shape") }
    let copiesZeros = integer("allowzero", default: 0) == 0
    for axis in target.indices where target[axis] == 0 && copiesZeros {
      guard axis < shape.count else { throw .invalid("its shape \(target) copies a dimension that is not there") }
      target[axis] = shape[axis]
    }
    let fault = Unsupported.invalid("its shape \(target.prefix(16)) does not fit an input of shape \(shape)")
    let open = target.indices.filter { target[$0] == -1 }
    guard open.count <= 1, target.count <= 16, let known = checkedProduct(target.filter { $0 != -1 }) else {
      throw fault
    }
    if let axis = open.first {
      guard known > 0, count % known == 0 else { throw fault }
      target[axis] = count / known
    } else {
      guard known == count else { throw fault }
    }
    return target
  }
}

extension Translator {
  /// The value in another shape; moved only where the source's order cannot be kept track of.
  mutating func reshaped(
    _ view: ActivationView, _ shape: [Int], name: String
  ) throws(Unsupported) -> ActivationView {
    if let result = view.reshaped(shape) { return result }
    let flat = try arranged(view, as: [[], view.source.flatMap { $0 }], name: name)
    guard let result = ActivationView.fresh(flat.id, shape: [1, flat.count], order: [0, 1]).reshaped(shape) else {
      throw .invalid("its shape \(shape) does not fit an input of shape \(view.shape)")
    }
    return result
  }
}

func importTranspose(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  var x = try node.activation(0)
  let source = x.source
  x.source = try node.permutation(rank: x.rank).map { source[$0] }
  return [.activation(x)]
}

extension NodeArguments {
  /// The attribute perm, or all axes reversed.
  func permutation(rank: Int) throws(Unsupported) -> [Int] {
    let permutation = integers(named: "perm") ?? (0..<rank).reversed()
    guard permutation.sorted() == Array(0..<rank) else {
      throw .invalid("its perm \(permutation.prefix(8)) is no permutation of \(rank) axes")
    }
    return permutation
  }
}

func importSqueeze(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  var x = try node.activation(0)
  let shape = try node.squeezed(x.shape)
  x.source = shape.axes.map { x.source[$0] }
  return [.activation(x)]
}

func importUnsqueeze(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  var x = try node.activation(0)
  for axis in try node.unsqueezedAxes(rank: x.rank) { x.source.insert([], at: axis) }
  return [.activation(x)]
}

extension NodeArguments {
  /// The axes that Squeeze keeps.
  func squeezed(_ shape: [Int]) throws(Unsupported) -> (axes: [Int], shape: [Int]) {
    let named = try integers(1) ?? integers(named: "axes") ?? shape.indices.filter { shape[$0] == 1 }
    let axes = try normalizedAxes(named, rank: shape.count)
    guard axes.allSatisfy({ shape[$0] == 1 }) else {
      throw .invalid("its axes \(named) are not all of size 1 in the shape \(shape)")
    }
    let kept = shape.indices.filter { !axes.contains($0) }
    return (kept, kept.map { shape[$0] })
  }

  /// The axes that Unsqueeze adds, as they are numbered in its result, in rising order.
  func unsqueezedAxes(rank: Int) throws(Unsupported) -> [Int] {
    guard let named = try integers(1) ?? integers(named: "axes"), rank + named.count <= 16 else {
      throw .invalid("it names no axes, or too many")
    }
    return try normalizedAxes(named, rank: rank + named.count).sorted()
  }
}
