import Graph

/// A regular part of one axis.
struct AxisPart: Equatable {
  var begin: Int
  var size: Int
  var step: Int

  /// All of an axis.
  static func whole(_ size: Int) -> AxisPart { AxisPart(begin: 0, size: size, step: 1) }

  /// ONNX's rule for start, end and step: negative ones count from the end, and those outside are moved inside.
  init(size axis: Int, start: Int, end: Int, step: Int) {
    let step = max(-1 << 40, min(1 << 40, step))
    let (start, end) = (start < 0 ? start &+ axis : start, end < 0 ? end &+ axis : end)
    self.step = step
    if axis == 0 {
      (begin, size) = (0, 0)
    } else if step > 0 {
      begin = max(0, min(axis, start))
      let stop = max(0, min(axis, end))
      size = max(0, (stop - begin + step - 1) / step)
    } else {
      begin = max(0, min(axis - 1, start))
      let stop = max(-1, min(axis - 1, end))
      size = max(0, (begin - stop - step - 1) / -step)
    }
  }

  init(begin: Int, size: Int, step: Int) {
    self.begin = begin
    self.size = size
    self.step = step
  }
}

extension NodeArguments {
  /// Slice's part of each axis; attributes before opset 10, inputs since.
  func slicedParts(_ shape: [Int]) throws(Unsupported) -> [AxisPart] {
    guard let starts = try integers(1) ?? integers(named: "starts"),
      let ends = try integers(2) ?? integers(named: "ends"), starts.count == ends.count, starts.count <= shape.count
    else { throw .invalid("its starts and ends do not fit an input of shape \(shape)") }
    let named = try integers(3) ?? integers(named: "axes") ?? Array(starts.indices)
    let steps = try integers(4) ?? [Int](repeating: 1, count: starts.count)
    let axes = try normalizedAxes(named, rank: shape.count)
    guard axes.count == starts.count, steps.count == starts.count, !steps.contains(0) else {
      throw .invalid("its axes and steps do not fit its starts")
    }
    var parts = shape.map { AxisPart.whole($0) }
    for (index, axis) in axes.enumerated() {
      parts[axis] = AxisPart(size: shape[axis], start: starts[index], end: ends[index], step: steps[index])
    }
    return parts
  }
}

extension Translator {
  /// A part of each axis.
  mutating func sliced(
    _ view: ActivationView, _ parts: [AxisPart], name: String
  ) throws(Unsupported) -> ActivationView {
    guard parts.allSatisfy({ $0.size > 0 }) else {
      throw Unsupported("it takes nothing of an input of shape \(view.shape)", "Remove the empty part from the model")
    }
    if parts == view.shape.map({ AxisPart.whole($0) }) { return view }
    let (whole, dimensionOfAxis) = try oneDimensionPerAxis(view, name: name)
    var (begin, size, step) = (whole.dims.map { _ in 0 }, whole.graphShape, whole.dims.map { _ in 1 })
    for (axis, part) in parts.enumerated() {
      begin[dimensionOfAxis[axis]] = part.begin
      size[dimensionOfAxis[axis]] = part.size
      step[dimensionOfAxis[axis]] = part.size == 1 ? 1 : part.step
    }
    let output = try emit(Slice(begin: begin, size: size, step: step), [whole.id], name: name)
    return placed(output, shape: parts.map(\.size), dimensionOfAxis: dimensionOfAxis)
  }
}

func importSlice(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  return [.activation(try context.sliced(x, try node.slicedParts(x.shape), name: node.name))]
}

/// Split, into equal parts or parts of given sizes.
func importSplit(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  let axis = try node.normalizedAxes([node.integer("axis", default: 0)], rank: x.rank)[0]
  let (length, count) = (x.shape[axis], node.node.outputs.count)
  guard count > 0, count <= length else { throw .invalid("it makes \(count) parts of \(length) elements") }
  var sizes = try node.integers(1) ?? node.integers(named: "split") ?? []
  if sizes.isEmpty {
    let part = (length + count - 1) / count
    sizes = (0..<count).map { min(part, length - $0 * part) }
  }
  guard sizes.count == count, sizes.allSatisfy({ (1...length).contains($0) }), sizes.reduce(0, +) == length else {
    throw .invalid("its parts \(sizes.prefix(8)) do not add up to \(length)")
  }
  var begin = 0
  var result: [Operand] = []
  for (index, size) in sizes.enumerated() {
    var parts = x.shape.map { AxisPart.whole($0) }
    parts[axis] = AxisPart(begin: begin, size: size, step: 1)
    begin += size
    result.append(.activation(try context.sliced(x, parts, name: "\(node.name)/\(index)")))
  }
  return result
}

/// Gather of constant indices: a part of the axis for each run of regular steps.
func importGather(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  let axis = try node.normalizedAxes([node.integer("axis", default: 0)], rank: x.rank)[0]
  let constant = try node.constant(1)
  let length = x.shape[axis]
  guard let indices = constant.elements.integers, !indices.isEmpty,
    indices.allSatisfy({ $0 >= -length && $0 < length })
  else { throw .invalid("its indices of shape \(constant.shape) do not fit \(length) elements") }
  let runs = regularRuns(indices.map { $0 < 0 ? $0 + length : $0 })
  guard runs.count <= 256 else {
    throw Unsupported("its indices make \(runs.count) parts", "Reorder the channels before exporting")
  }
  var views: [ActivationView] = []
  for (index, run) in runs.enumerated() {
    var parts = x.shape.map { AxisPart.whole($0) }
    parts[axis] = run
    let name = runs.count == 1 ? node.name : "\(node.name)/\(index)"
    views.append(try context.sliced(x, parts, name: name))
  }
  let result = try context.joined(views, axis: axis, name: node.name)
  if constant.shape.count == 1 { return [.activation(result)] }
  let shape = x.shape[..<axis] + constant.shape + x.shape[(axis + 1)...]
  return [.activation(try context.reshaped(result, Array(shape), name: node.name))]
}

/// Indices as the fewest runs of one step each that a single pass finds.
private func regularRuns(_ indices: [Int]) -> [AxisPart] {
  var runs: [AxisPart] = []
  for index in indices {
    if var last = runs.last {
      let step = last.size == 1 ? index - last.begin : last.step
      if step != 0, last.begin + last.size * step == index {
        (last.size, last.step) = (last.size + 1, step)
        runs[runs.count - 1] = last
        continue
      }
    }
    runs.append(AxisPart(begin: index, size: 1, step: 1))
  }
  return runs
}
