import Graph

/// Conv, of any grouping.
func importConvolution(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  var image = try node.activation(0)
  if image.rank == 5 { return try importVolumeConvolution(&context, node) }
  let weights = try node.constant(1)
  guard weights.shape.count == image.rank, weights.count > 0 else {
    throw .invalid("its weights of shape \(weights.shape) do not fit an input of shape \(image.shape)")
  }
  let window = try Window(node, kernel: Array(weights.shape.dropFirst(2)), image: image)
  let groups = node.integer("group", default: 1)
  let (outputs, channels) = (weights.shape[0], image.shape[1])
  guard groups > 0, groups <= channels, channels % groups == 0, weights.shape[1] == channels / groups,
    outputs % groups == 0
  else {
    throw .invalid(
      "its weights of shape \(weights.shape) in \(groups) groups do not fit an input of shape \(image.shape)")
  }
  image = groups > 1 ? try context.image(image, name: node.name) : try context.channelsLast(image, name: node.name)

  let isDepthwise = groups > 1 && groups == channels && outputs == channels
  let tensor =
    isDepthwise
    ? depthwiseWeights(weights, window.kernel) : denseWeights(weights, window.kernel, image, isGrouped: groups > 1)
  let bias = try context.bias(node, input: 2, count: outputs)
  let constants = [
    context.graph.addConstant("\(node.name)/weights", tensor), context.graph.addConstant("\(node.name)/bias", bias),
  ]
  context.keepScales(of: weights, axis: 0, bias: try node.optionalConstant(2), as: constants)
  let operation: any Operator =
    isDepthwise
    ? DepthwiseConv2D(stride: window.stride, dilation: window.dilation, padding: window.padding)
    : Conv2D(stride: window.stride, dilation: window.dilation, padding: window.padding, groups: groups)
  let output = try context.emit(operation, [image.id] + constants, name: node.name)
  return [.activation(context.imageResult(output, of: image, keepsChannels: false))]
}

/// C×1×KH×KW → KH×KW×C.
private func depthwiseWeights(_ weights: Constant, _ kernel: Size2D) -> Tensor {
  let shape = [kernel.height, kernel.width, weights.shape[0]]
  let strides = [kernel.width, 1, kernel.height * kernel.width]
  return Tensor(shape: shape, values: stridedCopy(weights.floats, sizes: shape, strides: strides))
}

/// OC×IC×KH×KW → OC×KH×KW×IC, the input channels in the order in which the image has them.
private func denseWeights(_ weights: Constant, _ kernel: Size2D, _ image: ActivationView, isGrouped: Bool) -> Tensor {
  let (outputs, inputs, taps) = (weights.shape[0], weights.shape[1], kernel.height * kernel.width)
  var sizes = [outputs, kernel.height, kernel.width]
  var strides = [inputs * taps, kernel.width, 1]
  if isGrouped {
    sizes.append(inputs)
    strides.append(taps)
  } else {
    let atomStrides = image.strides(of: image.source[1], step: taps)
    for atom in image.inStoredOrder(image.source[1]) {
      sizes.append(image.atoms[atom])
      strides.append(atomStrides[atom]!)
    }
  }
  return Tensor(
    shape: [outputs, kernel.height, kernel.width, inputs],
    values: stridedCopy(weights.floats, sizes: sizes, strides: strides))
}

extension Translator {
  /// An optional constant of `count` elements, or zeros.
  func bias(_ node: NodeArguments, input: Int, count: Int) throws(Unsupported) -> Tensor {
    guard let bias = try node.optionalConstant(input) else { return Tensor(shape: [count]) }
    guard bias.count == count else {
      throw .invalid("its bias has \(bias.count) elements for \(count) channels")
    }
    return Tensor(shape: [count], values: bias.floats)
  }
}

extension ActivationView {
  /// How far neighbours along each atom of `list` lie apart where `list` is stored in its order, the last `step` apart.
  func strides(of list: [Int], step: Int) -> [Int: Int] {
    var strides: [Int: Int] = [:]
    var stride = step
    for atom in list.reversed() {
      strides[atom] = stride
      stride *= atoms[atom]
    }
    return strides
  }
}
