import Graph

extension TFLiteTranslator {
  /// TRANSPOSE_CONV: inputs output shape, weights OC×KH×KW×IC, x, bias.
  static func transposedConvolution(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 2)
    let (image, output, weights) = (translator.shape(x), try node.integers(0), try node.constant(1))
    let shape = weights.shape
    guard image.count == 4, output.count == 4, shape.count == 4, !shape.contains(0), shape[3] == image[3],
      output[0] == image[0], output[3] == shape[0], output[1...2].allSatisfy({ (1...1 << 16).contains($0) })
    else {
      throw .damaged("its weights of shape \(shape) do not lead from shape \(image) to \(output.prefix(8))")
    }
    let kernel = Size2D(shape[1], shape[2])
    let window = try TFLiteWindow(
      image: output, kernel: kernel, stride: Size2D(try node.option(2), try node.option(1)),
      padding: try node.option(0, as: Int8.self))
    guard window.stride.height <= 4096, window.stride.width <= 4096 else { throw .damaged("its strides are too long") }
    let layer = TransposedConvolution(
      rows: .init(
        kernel: kernel.height, stride: window.stride.height, dilation: 1, cropped: window.padding.top, input: image[1],
        output: output[1]),
      columns: .init(
        kernel: kernel.width, stride: window.stride.width, dilation: 1, cropped: window.padding.left, input: image[2],
        output: output[2]),
      groups: 1)
    guard let count = layer.weightCount(inputs: image[3], outputs: shape[0]) else {
      throw .damaged("its phases would have more weights than can be counted")
    }
    try translator.reserve(count)
    let constants = try translator.layerConstants(node, weights, shape: shape, outputAxis: 0, x, biasInput: 3)
    let phases = translator.phases(of: constants, layer, node.name)
    let rule = try node.outputs[0].activationQuantization()
    var value = try translator.emit(
      layer.convolution, [x] + phases, "\(node.name)/phases", quantization: rule)
    value = try translator.emit(layer.depthToSpace, [value], "\(node.name)/pixels", quantization: rule)
    var slice = layer.slice(channels: shape[0])
    slice.size[0] = image[0]
    if slice.size != translator.shape(value) {
      value = try translator.emit(slice, [value], "\(node.name)/cropped", quantization: rule)
    }
    guard let function = try translator.fusedActivation(try node.option(3, as: Int8.self), isQuantized: rule != nil)
    else { return [.activation(value)] }
    return try translator.finish(Activation(function), [value], node)
  }

  /// The weights and biases of the convolution that computes the phases, exact ones kept.
  private mutating func phases(of constants: [ValueID], _ layer: TransposedConvolution, _ name: String) -> [ValueID] {
    let (weights, bias) = (graph[constants[0]], graph[constants[1]])
    guard let reals = weights.constant, let biases = bias.constant else { return constants }
    let result = [
      graph.addConstant("\(name)/phases/weights", layer.weights(reals)),
      graph.addConstant("\(name)/phases/bias", layer.bias(biases)),
    ]
    if let exact = weights.quantizedWeights {
      let values = layer.weights(Tensor(shape: reals.shape, values: exact.values.map { Float($0) })).values
      let numbers = Tensor(shape: [biases.count], values: biases.values.indices.map { Float($0) })
      let outputs = layer.bias(numbers).values.map { Int($0) }
      graph[result[0]].quantizedWeights = QuantizedWeights(
        values: values.map { Int8($0) }, scales: outputs.map { exact.scales[$0] },
        biases: outputs.map { exact.biases[$0] }, roundsFactorsStepwise: exact.roundsFactorsStepwise)
    }
    return result
  }
}
