import Graph

/// ConvTranspose, of any grouping.
func importTransposedConvolution(
  _ context: inout Translator, _ node: NodeArguments
) throws(Unsupported) -> [Operand] {
  let weights = try node.constant(1)
  let x = try node.activation(0)
  let groups = node.integer("group", default: 1)
  guard x.rank == 3 || x.rank == 4 else {
    throw Unsupported(
      "its input has \(x.rank) dimensions \(x.shape)", "Only N×C×H×W and N×C×W inputs can be imported")
  }
  guard weights.shape.count == x.rank, weights.count > 0, groups > 0,
    weights.shape[0] == x.shape[1], x.shape[1] % groups == 0
  else {
    throw .invalid(
      "its weights of shape \(weights.shape) in \(groups) groups do not fit an input of shape \(x.shape)")
  }
  var axes: [TransposedConvolution.Axis] = []
  for axis in 2..<x.rank {
    axes.append(try transposedAxis(node, axis - 2, x.shape[axis], weights.shape[axis], x.rank - 2))
  }
  if axes.count == 1 {
    axes.insert(.init(kernel: 1, stride: 1, dilation: 1, cropped: 0, input: 1, output: 1), at: 0)
  }
  let layer = TransposedConvolution(rows: axes[0], columns: axes[1], groups: groups)
  let outputs = weights.shape[1] * groups
  try context.reserve(layer.weightCount(inputs: x.shape[1], outputs: outputs))

  let image = try context.image(x, name: node.name)
  let taps = axes[0].kernel * axes[1].kernel
  let (inputs, perGroup) = (x.shape[1] / groups, weights.shape[1])
  let ordered = Tensor(
    shape: [outputs, axes[0].kernel, axes[1].kernel, inputs],
    values: stridedCopy(
      weights.floats, sizes: [groups, perGroup, taps, inputs],
      strides: [inputs * perGroup * taps, taps, 1, perGroup * taps]
    ))
  let bias = try context.bias(node, input: 2, count: outputs)
  let constants = [
    context.graph.addConstant("\(node.name)/weights", layer.weights(ordered)),
    context.graph.addConstant("\(node.name)/bias", layer.bias(bias)),
  ]
  context.keepScales(of: weights, axis: 1, bias: try node.optionalConstant(2), as: constants) { list in
    layer.bias(Tensor(shape: [list.count], values: list)).values
  }
  let phases = try context.emit(layer.convolution, [image.id] + constants, name: node.name)
  let pixels = try context.emit(layer.depthToSpace, [phases], name: "\(node.name)/pixels")
  var slice = layer.slice(channels: outputs)
  slice.size[0] = context.graph[pixels].shape[0]
  let isWhole = slice.size == context.graph[pixels].shape
  let output = isWhole ? pixels : try context.emit(slice, [pixels], name: "\(node.name)/cropped")
  return [.activation(context.imageResult(output, of: image, keepsChannels: false))]
}

/// The sizes along spatial axis `axis` of `count`.
private func transposedAxis(
  _ node: NodeArguments, _ axis: Int, _ input: Int, _ kernel: Int, _ count: Int
) throws(Unsupported) -> TransposedConvolution.Axis {
  let stride = try node.sizes("strides", count: count, default: 1, in: 1...4096)[axis]
  let dilation = try node.sizes("dilations", count: count, default: 1, in: 1...4096)[axis]
  let extra = try node.sizes("output_padding", count: count, default: 0, in: 0...4096)[axis]
  let pads = try node.sizes("pads", count: 2 * count, default: 0, in: 0...65535)
  let shape = try node.sizes("output_shape", count: count, default: 0, in: 0...1 << 20)[axis]
  guard (1...4096).contains(kernel) else { throw .invalid("its kernel has \(kernel) taps") }
  let whole = (input - 1) * stride + (kernel - 1) * dilation + 1 + extra
  let automatic = node.text("auto_pad") ?? "NOTSET"
  let (cropped, output): (Int, Int)
  switch automatic {
  case "SAME_UPPER", "SAME_LOWER":
    output = shape > 0 ? shape : input * stride
    let total = max(0, whole - output)
    cropped = automatic == "SAME_UPPER" ? total / 2 : total - total / 2
  case "VALID": (cropped, output) = (0, whole)
  case "NOTSET", "":
    output = shape > 0 ? shape : whole - pads[axis] - pads[axis + count]
    let total = max(0, whole - output)
    cropped = shape > 0 ? total - total / 2 : pads[axis]
  default: throw .invalid("its auto_pad is '\(automatic)'")
  }
  guard output > 0, output <= 1 << 20 else { throw .invalid("its output would be \(output) pixels large") }
  return .init(
    kernel: kernel, stride: stride, dilation: dilation, cropped: cropped, input: input, output: output)
}
