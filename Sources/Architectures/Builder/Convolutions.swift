import Graph

/// Layers with weights.
extension NetworkBuilder {
  /// A convolution to `channels` channels; without a bias of its own, a fixed zero stands in for it.
  mutating func convolution(
    _ name: String, _ x: ValueID, channels: Int, kernel: Size2D, stride: Size2D = .one, padding: Padding = .half,
    groups: Int = 1, hasBias: Bool = false
  ) throws(GraphError) -> ValueID {
    let inputChannels = depth(x)
    guard groups > 0, inputChannels.isMultiple(of: groups), channels.isMultiple(of: groups) else {
      throw GraphError(
        "\(name): \(inputChannels) and \(channels) channels do not divide into \(groups) groups; take another width")
    }
    let products = kernel.height * kernel.width * (inputChannels / groups)
    let weights = addWeights(
      name, [channels, kernel.height, kernel.width, inputChannels / groups], inputs: products,
      outputs: kernel.height * kernel.width * (channels / groups))
    let operation = Conv2D(
      stride: stride, dilation: .one, padding: padding.amounts(shape(x), kernel, stride), groups: groups)
    return try apply(operation, x, weights, addBias(name, channels, isParameter: hasBias), name: name)
  }

  /// A convolution with a square kernel.
  mutating func convolution(
    _ name: String, _ x: ValueID, channels: Int, kernel: Int, stride: Int = 1, padding: Padding = .half,
    groups: Int = 1, hasBias: Bool = false
  ) throws(GraphError) -> ValueID {
    try convolution(
      name, x, channels: channels, kernel: Size2D(kernel, kernel), stride: Size2D(stride, stride), padding: padding,
      groups: groups, hasBias: hasBias)
  }

  /// A convolution of each channel by itself.
  mutating func depthwise(
    _ name: String, _ x: ValueID, kernel: Size2D, stride: Size2D = .one, padding: Padding = .half,
    hasBias: Bool = false
  ) throws(GraphError) -> ValueID {
    let taps = kernel.height * kernel.width
    let weights = addWeights(name, [kernel.height, kernel.width, depth(x)], inputs: taps, outputs: taps)
    let operation = DepthwiseConv2D(
      stride: stride, dilation: .one, padding: padding.amounts(shape(x), kernel, stride))
    return try apply(operation, x, weights, addBias(name, depth(x), isParameter: hasBias), name: name)
  }

  /// A convolution of each channel by itself, with a square kernel.
  mutating func depthwise(
    _ name: String, _ x: ValueID, kernel: Int, stride: Int = 1, padding: Padding = .half, hasBias: Bool = false
  ) throws(GraphError) -> ValueID {
    try depthwise(
      name, x, kernel: Size2D(kernel, kernel), stride: Size2D(stride, stride), padding: padding, hasBias: hasBias)
  }

  /// Batch normalization that starts as the identity. Without a scale of its own, a fixed 1 stands in for it.
  mutating func normalization(_ name: String, _ x: ValueID, hasScale: Bool = true) throws(GraphError) -> ValueID {
    let shape = [depth(x)]
    let scale = addConstant(hasScale ? "\(name).weight" : "\(name).scale\(Parameter.fixedMark)", shape, 1)
    let shift = addConstant("\(name).bias", shape, 0)
    let mean = addConstant("\(name).running_mean", shape, 0)
    let variance = addConstant("\(name).running_var", shape, 1)
    return try apply(BatchNormalization(epsilon: epsilon), x, scale, shift, mean, variance, name: name)
  }

  /// x · factor, by a number that is part of the structure.
  mutating func scaled(_ x: ValueID, by factor: Float, name: String) throws(GraphError) -> ValueID {
    let shape = [depth(x)]
    let mark = Parameter.fixedMark
    let scale = addConstant("\(name)\(mark)", shape, factor)
    let zero = addConstant("\(name).zero\(mark)", shape, 0)
    let one = addConstant("\(name).one\(mark)", shape, 1)
    return try apply(BatchNormalization(epsilon: 0), x, scale, zero, zero, one, name: name)
  }

  /// A fully connected layer over all elements of x.
  mutating func linear(
    _ name: String, _ x: ValueID, features: Int, hasBias: Bool = true
  ) throws(GraphError) -> ValueID {
    let count = shape(x).dropFirst().reduce(1, *)
    let flat = shape(x).count == 2 ? x : try apply(Reshape(shape: [1, count]), x, name: "\(name).flatten")
    let weights = addWeights(name, [features, count], inputs: count, outputs: features)
    return try apply(FullyConnected(), flat, weights, addBias(name, features, isParameter: hasBias), name: name)
  }

  /// The last fully connected layer.
  mutating func classifier(_ name: String, _ x: ValueID) throws(GraphError) -> ValueID {
    try linear(name, x, features: classes)
  }
}
