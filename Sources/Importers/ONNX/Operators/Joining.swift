import Graph

/// Concat of activations.
func importConcat(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  var views: [ActivationView] = []
  for index in node.operands.indices { views.append(try node.activation(index)) }
  guard let first = views.first else { throw .invalid("it has no inputs") }
  let axis = try node.normalizedAxes([node.integer("axis", default: 1)], rank: first.rank)[0]
  return [.activation(try context.joined(views, axis: axis, name: node.name))]
}

extension Translator {
  /// Values side by side along an axis.
  mutating func joined(
    _ views: [ActivationView], axis: Int, name: String
  ) throws(Unsupported) -> ActivationView {
    let first = views[0]
    var shape = first.shape
    for view in views.dropFirst() {
      guard view.rank == first.rank, shape.indices.allSatisfy({ $0 == axis || view.shape[$0] == shape[$0] }) else {
        throw .invalid("its inputs of shapes \(first.shape) and \(view.shape) do not fit")
      }
      shape[axis] += view.shape[axis]
    }
    if views.count == 1 { return first }
    // The largest input decides how all lie: moving the others costs least.
    let leader = views.indices.max { views[$0].count < views[$1].count }!
    let (placed, dimensionOfAxis) = try oneDimensionPerAxis(views[leader], name: name)
    var inputs: [ValueID] = []
    for view in views {
      var dims = [[Int]](repeating: [], count: placed.dims.count)
      for (axis, dimension) in dimensionOfAxis.enumerated() { dims[dimension] = view.source[axis] }
      inputs.append(try arranged(view, as: dims, name: name).id)
    }
    let output = try emit(Concat(axis: dimensionOfAxis[axis]), inputs, name: name)
    return self.placed(output, shape: shape, dimensionOfAxis: dimensionOfAxis)
  }
}

/// Pad with a constant or the tensor's own elements; negative pads crop.
func importPad(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let mode = node.text("mode") ?? "constant"
  let borders: [String: BorderPad.Border] = ["reflect": .reflect, "edge": .edge, "wrap": .wrap]
  guard mode == "constant" || borders[mode] != nil else { throw .invalid("its mode is '\(mode)'") }
  let x = try node.activation(0)
  guard let pads = try node.integers(1) ?? node.integers(named: "pads") else { throw .invalid("it names no pads") }
  let axes = try node.normalizedAxes(try node.integers(3) ?? Array(0..<x.rank), rank: x.rank)
  guard pads.count == 2 * axes.count, pads.allSatisfy({ abs($0.clamped) <= 65535 }) else {
    throw .invalid("its pads \(pads.prefix(16)) do not fit an input of shape \(x.shape)")
  }
  guard mode == "constant" || pads.allSatisfy({ $0 >= 0 }) else {
    throw Unsupported("it crops and pads with mode '\(mode)'", "Crop with a Slice of its own")
  }
  let fill = try node.scalar(2) ?? node.float("value", default: 0)
  var parts = x.shape.map { AxisPart.whole($0) }
  for (index, axis) in axes.enumerated() {
    let (before, after) = (min(0, pads[index]), min(0, pads[index + axes.count]))
    parts[axis] = AxisPart(begin: -before, size: x.shape[axis] + before + after, step: 1)
  }
  var cropped = try context.sliced(x, parts, name: node.name)
  guard pads.contains(where: { $0 > 0 }) else { return [.activation(cropped)] }

  if mode != "constant", x.rank == 3 || x.rank == 4 { cropped = try context.image(cropped, name: node.name) }
  let (view, dimensionOfAxis) = try context.oneDimensionPerAxis(cropped, name: node.name)
  var (before, after) = (view.dims.map { _ in 0 }, view.dims.map { _ in 0 })
  var shape = view.shape
  for (index, axis) in axes.enumerated() {
    before[dimensionOfAxis[axis]] = max(0, pads[index])
    after[dimensionOfAxis[axis]] = max(0, pads[index + axes.count])
    shape[axis] += before[dimensionOfAxis[axis]] + after[dimensionOfAxis[axis]]
  }
  let operation: any Operator =
    borders[mode].map { BorderPad(before: before, after: after, border: $0) }
    ?? Pad(before: before, after: after, value: fill)
  let output = try context.emit(operation, [view.id], name: node.name)
  return [.activation(context.placed(output, shape: shape, dimensionOfAxis: dimensionOfAxis))]
}

extension Int {
  /// Far from the ends of `Int`, where its magnitude could not be taken.
  fileprivate var clamped: Int { Swift.max(-1 << 40, Swift.min(1 << 40, self)) }
}
