import Graph

/// The few ways in which operators want their inputs to lie.
extension Translator {
  /// [N, H, W, C] of an N×C×H×W or N×C×W value. The channels stay in whatever order they are stored.
  mutating func channelsLast(_ view: ActivationView, name: String) throws(Unsupported) -> ActivationView {
    guard view.rank == 3 || view.rank == 4 else {
      throw Unsupported(
        "its input has \(view.rank) dimensions \(view.shape)", "Only N×C×H×W and N×C×W inputs can be imported")
    }
    let height = view.rank == 4 ? view.source[2] : []
    let channels = view.inStoredOrder(view.source[1])
    return try arranged(view, as: [view.source[0], height, view.source[view.rank - 1], channels], name: name)
  }

  /// The value with these atoms as its last dimension, in stored order, and all others before it.
  mutating func trailing(
    _ view: ActivationView, _ list: [Int], name: String
  ) throws(Unsupported) -> ActivationView {
    let last = view.inStoredOrder(list)
    if let current = view.dims.last, current == last, view.dims.count > 1 { return view }
    let others = view.stored.filter { !last.contains($0) }
    let batch = view.source.first ?? []
    if !batch.isEmpty, others.starts(with: batch) {
      let rest = Array(others.dropFirst(batch.count))
      return try arranged(view, as: rest.isEmpty ? [batch, last] : [batch, rest, last], name: name)
    }
    return try arranged(view, as: others.isEmpty ? [[], last] : [[], others, last], name: name)
  }

  /// The value with each of the source's axes in one dimension of its own, and which dimension that is for each axis.
  mutating func oneDimensionPerAxis(
    _ view: ActivationView, name: String
  ) throws(Unsupported) -> (view: ActivationView, dimensionOfAxis: [Int]) {
    let order = view.axisOrder ?? view.defaultOrder
    var dimensionOfAxis = [Int](repeating: -1, count: view.rank)
    var dimension = 0
    for axis in order {
      while dimension < view.dims.count, view.dims[dimension] != view.source[axis] { dimension += 1 }
      if dimension < view.dims.count { dimensionOfAxis[axis] = dimension }
      dimension += 1
    }
    if !dimensionOfAxis.contains(-1), view.stored == order.flatMap({ view.source[$0] }) {
      return (view, dimensionOfAxis)
    }
    let startsWithBatch = order.first == 0 || order.first.map { view.source[$0].isEmpty } ?? true
    let added = startsWithBatch || view.rank > 3 ? 0 : 1
    for (position, axis) in order.enumerated() { dimensionOfAxis[axis] = position + added }
    let dims = [[Int]](repeating: [], count: added) + order.map { view.source[$0] }
    return (try arranged(view, as: dims, name: name), dimensionOfAxis)
  }

  /// A new value in which each axis of the source has one dimension, as `oneDimensionPerAxis` gave them for its input.
  func placed(_ id: ValueID, shape: [Int], dimensionOfAxis: [Int]) -> ActivationView {
    var order = [Int](repeating: -1, count: graph[id].shape.count)
    for (axis, dimension) in dimensionOfAxis.enumerated() { order[dimension] = axis }
    return .fresh(id, shape: shape, order: order)
  }

  /// `values`, a constant of as many axes as the view (each its size or 1), at every index of `list`'s atoms.
  mutating func expanded(
    _ constant: Constant, over list: [Int], of view: ActivationView
  ) throws(Unsupported) -> [Float] {
    let sizes = list.map { view.atoms[$0] }
    try reserve(checkedProduct(sizes))
    let axisStrides = rowMajorStrides(constant.shape)
    var strides = [Int](repeating: 0, count: view.atoms.count)
    for axis in view.source.indices where constant.shape[axis] != 1 {
      var stride = axisStrides[axis]
      for atom in view.source[axis].reversed() {
        strides[atom] = stride
        stride *= view.atoms[atom]
      }
    }
    return stridedCopy(constant.floats, sizes: sizes, strides: list.map { strides[$0] })
  }
}
