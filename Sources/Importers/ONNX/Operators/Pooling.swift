import Graph

/// MaxPool of one output.
func importMaxPool(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  if try node.activation(0).rank == 5 {
    return try importVolumePooling(&context, node, importMaxPool)
  }
  let (image, window, roundsUp) = try poolingArguments(&context, node)
  let operation = MaxPool2D(
    window: window.kernel, stride: window.stride, dilation: window.dilation, padding: window.padding,
    roundsUp: roundsUp)
  let output = try context.emit(operation, [image.id], name: node.name)
  return [.activation(context.imageResult(output, of: image, keepsChannels: true))]
}

/// AveragePool without dilation.
func importAveragePool(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  if try node.activation(0).rank == 5 {
    return try importVolumePooling(&context, node, importAveragePool)
  }
  let (image, window, roundsUp) = try poolingArguments(&context, node)
  guard window.dilation == .one else {
    throw Unsupported("it is dilated", "Only average pooling without dilation can be imported")
  }
  let operation = AveragePool2D(
    window: window.kernel, stride: window.stride, padding: window.padding,
    countsPadding: node.integer("count_include_pad", default: 0) != 0, roundsUp: roundsUp)
  let output = try context.emit(operation, [image.id], name: node.name)
  return [.activation(context.imageResult(output, of: image, keepsChannels: true))]
}

/// A pooling's image, its window, and whether a last window may hang over the end.
func poolingArguments(
  _ context: inout Translator, _ node: NodeArguments
) throws(Unsupported) -> (ActivationView, Window, roundsUp: Bool) {
  let image = try node.activation(0)
  let window = try Window(node, kernel: node.integers(named: "kernel_shape") ?? [], image: image)
  let roundsUp = node.integer("ceil_mode", default: 0) != 0
  return (try context.channelsLast(image, name: node.name), window, roundsUp)
}

/// GlobalAveragePool: the mean over all but batch and channels.
func importGlobalAveragePool(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  return [.activation(try context.reduced(x, Array(2..<max(2, x.rank)), keepsAxes: true, .mean, node.name))]
}

/// GlobalMaxPool: the maximum over all but batch and channels.
func importGlobalMaxPool(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  return [.activation(try context.reduced(x, Array(2..<max(2, x.rank)), keepsAxes: true, .maximum, node.name))]
}

/// What a pooling makes of its window.
enum PoolingKind: Equatable {
  case mean, maximum
  /// Of this order.
  case norm(Int)
}

extension Translator {
  /// The mean, maximum or norm over some axes, as a pooling whose window is all of them.
  mutating func reduced(
    _ x: ActivationView, _ axes: [Int], keepsAxes: Bool, _ kind: PoolingKind, _ name: String
  ) throws(Unsupported) -> ActivationView {
    let removed = Set(axes.flatMap { x.source[$0] })
    var result = x
    for axis in axes { result.source[axis] = [] }
    if !keepsAxes { result.source = result.source.indices.filter { !axes.contains($0) }.map { result.source[$0] } }
    guard !removed.isEmpty else { return result }

    var view = x
    if x.rank == 4, axes.sorted() == [2, 3] {
      view = try channelsLast(x, name: name)
    } else {
      let batch = x.source[0].contains(where: removed.contains) ? [] : x.source[0]
      let others = x.stored.filter { !removed.contains($0) && !batch.contains($0) }
      view = try arranged(x, as: [batch, x.stored.filter(removed.contains), [], others], name: name)
    }
    let window = Size2D(view.graphShape[1], view.graphShape[2])
    let operation: any Operator =
      switch kind {
      case .mean: AveragePool2D(window: window)
      case .maximum: MaxPool2D(window: window)
      case .norm(let order): LpPool(order: order, window: window)
      }
    result.id = try emit(operation, [view.id], name: name)
    result.dims = [view.dims[0], [], [], view.dims[3]]
    return result
  }
}
