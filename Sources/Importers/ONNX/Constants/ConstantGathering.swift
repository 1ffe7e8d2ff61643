extension NodeArguments {
  /// Indices that count from the end where negative; `limits` has the size of the axis that each counts along.
  fileprivate func indices(_ index: Int, limit: (Int) -> Int) throws(Unsupported) -> [Int] {
    guard let list = try constant(index).elements.integers else { throw .invalid("its indices are not integers") }
    var result: [Int] = []
    for (place, value) in list.enumerated() {
      let size = limit(place)
      guard value >= -size, value < size else { throw .invalid("its index \(value) is outside \(size) elements") }
      result.append(value < 0 ? value + size : value)
    }
    return result
  }
}

extension Constant {
  /// The elements with those at `places` replaced by `updates`, element by element, combined as `reduction` says.
  fileprivate func updated(
    at places: [Int], with updates: Constant, reduction: String
  ) throws(Unsupported) -> Constant {
    guard places.count == updates.count else {
      throw .invalid("it has \(updates.count) updates for \(places.count) places")
    }
    guard ["none", "add", "mul", "max", "min"].contains(reduction) else {
      throw .invalid("its reduction is '\(reduction)'")
    }
    var result = self
    result.scales = nil
    if case .integers(var list) = elements, let new = updates.elements.integers {
      for (place, value) in zip(places, new) {
        switch reduction {
        case "add": list[place] &+= value
        case "mul": list[place] &*= value
        case "max": list[place] = max(list[place], value)
        case "min": list[place] = min(list[place], value)
        default: list[place] = value
        }
      }
      result.elements = .integers(list)
    } else {
      var list = floats
      for (place, value) in zip(places, updates.floats) {
        switch reduction {
        case "add": list[place] += value
        case "mul": list[place] *= value
        case "max": list[place] = max(list[place], value)
        case "min": list[place] = min(list[place], value)
        default: list[place] = value
        }
      }
      result.elements = .floats(list)
    }
    return result
  }

  /// Where each element of `indices` (of this rank) points: its own place, but along `axis` that of the index.
  fileprivate func places(_ list: [Int], _ shape: [Int], axis: Int) throws(Unsupported) -> [Int] {
    guard shape.count == self.shape.count,
      shape.indices.allSatisfy({ $0 == axis || shape[$0] <= self.shape[$0] })
    else { throw .invalid("its indices of shape \(shape) do not fit a constant of shape \(self.shape)") }
    let (own, strides) = (rowMajorStrides(shape), rowMajorStrides(self.shape))
    return list.enumerated().map { place, index in
      shape.indices.reduce(0) { sum, dimension in
        sum + strides[dimension] * (dimension == axis ? index : place / own[dimension] % shape[dimension])
      }
    }
  }

  /// The first element of the slice that each row of `indices` (its last axis: a place along the first axes) names, and
  /// how many elements a slice has.
  fileprivate func slices(
    _ node: NodeArguments, _ indices: Constant, skipping batch: Int
  ) throws(Unsupported) -> (starts: [Int], count: Int) {
    guard let depth = indices.shape.last, depth > 0, batch >= 0, batch < indices.shape.count, batch < shape.count,
      depth <= shape.count - batch, indices.shape[..<batch] == shape[..<batch]
    else {
      throw .invalid("its indices of shape \(indices.shape) do not fit a constant of shape \(shape)")
    }
    let list = try node.indices(1) { shape[batch + $0 % depth] }
    let strides = rowMajorStrides(shape)
    let rows = list.count / depth
    let batches = shape[..<batch].reduce(1, *)
    let block = shape[batch...].reduce(1, *)
    let starts = (0..<rows).map { row in
      (0..<depth).reduce(batches == 0 ? 0 : row / max(1, rows / batches) * block) { sum, axis in
        sum + list[row * depth + axis] * strides[batch + axis]
      }
    }
    return (starts, shape[(batch + depth)...].reduce(1, *))
  }
}

func foldGatherElements(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (data, indices) = (try node.constant(0), try node.constant(1))
  let axis = try node.normalizedAxes([node.integer("axis", default: 0)], rank: data.shape.count)[0]
  try context.reserve(indices.count)
  let places = try data.places(try node.indices(1) { _ in data.shape[axis] }, indices.shape, axis: axis)
  return [.constant(Constant(shape: indices.shape, elements: data.elements.picked(places), type: data.type))]
}

/// ScatterElements, and Scatter as it was called before.
func foldScatterElements(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (data, indices) = (try node.constant(0), try node.constant(1))
  let axis = try node.normalizedAxes([node.integer("axis", default: 0)], rank: data.shape.count)[0]
  try context.reserve(data.count)
  let places = try data.places(try node.indices(1) { _ in data.shape[axis] }, indices.shape, axis: axis)
  return [
    .constant(try data.updated(at: places, with: try node.constant(2), reduction: node.text("reduction") ?? "none"))
  ]
}

func foldGatherND(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (data, indices) = (try node.constant(0), try node.constant(1))
  let (starts, count) = try data.slices(node, indices, skipping: node.integer("batch_dims", default: 0))
  let depth = indices.shape[indices.shape.count - 1]
  let shape = indices.shape.dropLast() + data.shape[(node.integer("batch_dims", default: 0) + depth)...]
  try context.reserve(checkedProduct(Array(shape)))
  let places = starts.flatMap { $0..<$0 + count }
  return [.constant(Constant(shape: Array(shape), elements: data.elements.picked(places), type: data.type))]
}

func foldScatterND(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (data, indices, updates) = (try node.constant(0), try node.constant(1), try node.constant(2))
  let (starts, count) = try data.slices(node, indices, skipping: 0)
  let (places, overflow) = starts.count.multipliedReportingOverflow(by: count)
  guard !overflow, places == updates.count else {
    throw .invalid("its updates of shape \(updates.shape) do not fit indices of shape \(indices.shape)")
  }
  try context.reserve(data.count)
  return [
    .constant(
      try data.updated(
        at: starts.flatMap { $0..<$0 + count }, with: updates, reduction: node.text("reduction") ?? "none"))
  ]
}

func foldTile(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let constant = try node.constant(0)
  let repeats = try node.repeats(rank: constant.shape.count)
  // Each axis as two: how often, and its own.
  var (sizes, strides): ([Int], [Int]) = ([], [])
  var shape: [Int] = []
  for (axis, stride) in rowMajorStrides(constant.shape).enumerated() {
    let (size, overflow) = repeats[axis].multipliedReportingOverflow(by: constant.shape[axis])
    guard !overflow else { throw .invalid("it repeats \(repeats[axis]) times") }
    shape.append(size)
    sizes += [repeats[axis], constant.shape[axis]]
    strides += [0, stride]
  }
  try context.reserve(checkedProduct(shape))
  return [
    .constant(
      Constant(shape: shape, elements: constant.elements.strided(sizes: sizes, strides: strides), type: constant.type))
  ]
}

extension NodeArguments {
  /// Tile's repeats, one an axis.
  func repeats(rank: Int) throws(Unsupported) -> [Int] {
    guard let repeats = try integers(1), repeats.count == rank, repeats.allSatisfy({ $0 >= 0 }) else {
      throw .invalid("its repeats do not fit an input of \(rank) dimensions")
    }
    return repeats
  }
}
