extension Constant {
  /// The axes in another order.
  func transposed(_ permutation: [Int]) -> Constant {
    let strides = rowMajorStrides(shape)
    let sizes = permutation.map { shape[$0] }
    var result = Constant(
      shape: sizes, elements: elements.strided(sizes: sizes, strides: permutation.map { strides[$0] }), type: type,
      scales: scales)
    result.scales?.axis = scales?.axis.flatMap { permutation.firstIndex(of: $0) }
    result.scales?.steps = nil
    return result
  }
}

/// Constant: a tensor, a number or a list of numbers.
func foldConstant(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  if let tensor = node.tensor("value") { return [.constant(try context.constant(tensor))] }
  for attribute in node.node.attributes {
    switch attribute.name {
    case "value_float": return [.constant(Constant(shape: [], elements: .floats([attribute.float ?? 0])))]
    case "value_int": return [.constant(Constant(shape: [], elements: .integers([attribute.integer ?? 0])))]
    case "value_ints": return [.constant(.list(attribute.integers))]
    case "value_floats":
      return [.constant(Constant(shape: [attribute.floats.count], elements: .floats(attribute.floats)))]
    default: break
    }
  }
  throw Unsupported("its value is not a tensor of numbers", "Simplify the model before exporting it")
}

func foldConstantOfShape(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let shape = try node.integers(0) ?? []
  let count = checkedProduct(shape)
  try context.reserve(count)
  let given = node.tensor("value")
  let value = if let given { try context.constant(given) } else { Constant(shape: [1], elements: .floats([0])) }
  guard value.count == 1, let count else { throw .invalid("its value is not one number") }
  let indices = [Int](repeating: 0, count: count)
  return [.constant(Constant(shape: shape, elements: value.elements.picked(indices)))]
}

func foldShape(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  [.constant(node.shapePart(try node.constant(0).shape))]
}

func foldSize(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  [.constant(Constant(shape: [], elements: .integers([try node.constant(0).count])))]
}

func foldGather(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (data, indices) = (try node.constant(0), try node.constant(1))
  let axis = try node.normalizedAxes([node.integer("axis", default: 0)], rank: data.shape.count)[0]
  let length = data.shape[axis]
  guard let list = indices.elements.integers, list.allSatisfy({ $0 >= -length && $0 < length }) else {
    throw .invalid("its indices do not fit \(length) elements")
  }
  let (outer, inner) = (data.shape[..<axis], data.shape[(axis + 1)...])
  let shape = Array(outer) + indices.shape + Array(inner)
  try context.reserve(checkedProduct(shape))
  let block = inner.reduce(1, *)
  var picked: [Int] = []
  for start in 0..<outer.reduce(1, *) {
    for index in list {
      let first = (start * length + (index < 0 ? index + length : index)) * block
      picked.append(contentsOf: first..<first + block)
    }
  }
  return [.constant(Constant(shape: shape, elements: data.elements.picked(picked)))]
}

/// Range(start, limit, delta).
func foldRange(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let terms = [try node.constant(0), try node.constant(1), try node.constant(2)]
  guard terms.allSatisfy({ $0.count == 1 }) else { throw .invalid("its limits are not single numbers") }
  let numbers = terms.map { Double($0.floats[0]) }
  let exact = terms.compactMap { $0.elements.integers?.first }
  let (start, limit, delta) =
    exact.count == 3 ? (Double(exact[0]), Double(exact[1]), Double(exact[2])) : (numbers[0], numbers[1], numbers[2])
  let steps = ((limit - start) / delta).rounded(.up)
  guard steps.isFinite, abs(steps) < 0x1p40 else { throw .invalid("its range from \(start) to \(limit) has no end") }
  let count = max(0, Int(steps))
  try context.reserve(count)
  if exact.count == 3 { return [.constant(.list((0..<count).map { exact[0] &+ $0 &* exact[2] }))] }
  let values = (0..<count).map { Float(start + Double($0) * delta) }
  return [.constant(Constant(shape: [count], elements: .floats(values)))]
}

func foldConcat(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let parts = try node.operands.indices.map { (index) throws(Unsupported) in try node.constant(index) }
  guard let first = parts.first else { throw .invalid("it has no inputs") }
  let axis = try node.normalizedAxes([node.integer("axis", default: 1)], rank: first.shape.count)[0]
  var shape = first.shape
  shape[axis] = 0
  for part in parts {
    guard part.shape.count == shape.count,
      shape.indices.allSatisfy({ $0 == axis || part.shape[$0] == shape[$0] })
    else { throw .invalid("its inputs of shapes \(first.shape) and \(part.shape) do not fit") }
    shape[axis] += part.shape[axis]
  }
  try context.reserve(checkedProduct(shape))
  let isInteger = parts.allSatisfy { $0.elements.integers != nil }
  var (floats, integers): ([Float], [Int]) = ([], [])
  for outer in 0..<shape[..<axis].reduce(1, *) {
    for part in parts {
      let block = part.shape[axis...].reduce(1, *)
      let range = outer * block..<(outer + 1) * block
      switch part.elements {
      case .integers(let list) where isInteger: integers += list[range]
      case .integers(let list): floats += list[range].map { Float($0) }
      case .floats(let list): floats += list[range]
      }
    }
  }
  return [.constant(Constant(shape: shape, elements: isInteger ? .integers(integers) : .floats(floats)))]
}

func foldSlice(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let constant = try node.constant(0)
  let parts = try node.slicedParts(constant.shape)
  let shape = parts.map(\.size)
  try context.reserve(checkedProduct(shape))
  var indices = [0]
  for (stride, part) in zip(rowMajorStrides(constant.shape), parts) {
    indices = indices.flatMap { base in
      (0..<part.size).map { base + (part.begin + $0 * part.step) * stride }
    }
  }
  return [.constant(Constant(shape: shape, elements: constant.elements.picked(indices)))]
}

func foldReshape(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let constant = try node.constant(0)
  return [.constant(constant.reshaped(try node.targetShape(from: constant.shape, count: constant.count)))]
}

func foldFlatten(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let constant = try node.constant(0)
  let (axis, rank) = (node.integer("axis", default: 1), constant.shape.count)
  let first = axis == rank ? rank : try node.normalizedAxes([axis], rank: rank)[0]
  let shape = [constant.shape[..<first].reduce(1, *), constant.shape[first...].reduce(1, *)]
  return [.constant(constant.reshaped(shape))]
}

func foldTranspose(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let constant = try node.constant(0)
  try context.reserve(constant.count)
  return [.constant(constant.transposed(try node.permutation(rank: constant.shape.count)))]
}

func foldSqueeze(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let constant = try node.constant(0)
  return [.constant(constant.reshaped(try node.squeezed(constant.shape).shape))]
}

func foldUnsqueeze(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let constant = try node.constant(0)
  var shape = constant.shape
  for axis in try node.unsqueezedAxes(rank: shape.count) { shape.insert(1, at: axis) }
  return [.constant(constant.reshaped(shape))]
}

func foldExpand(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let constant = try node.constant(0)
  let target = Constant(shape: try node.integers(1) ?? [], elements: .integers([]))
  let shape = try context.broadcastShape(constant, target)
  return [.constant(Constant(shape: shape, elements: try context.expanded(constant, to: shape)))]
}
