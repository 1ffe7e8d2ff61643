import Graph

/// What a convolution and its normalization are called in checkpoints.
struct LayerNames {
  let convolution: String
  let normalization: String

  /// "X.0" and "X.1": a sequence of modules.
  static func sequence(_ name: String) -> LayerNames {
    LayerNames(convolution: "\(name).0", normalization: "\(name).1")
  }

  /// "X.conv" and "X.bn": a module of its own.
  static func module(_ name: String) -> LayerNames {
    LayerNames(convolution: "\(name).conv", normalization: "\(name).bn")
  }

  /// "X.conv2" and "X.bn2": members of a block.
  static func member(_ name: String, _ number: Int) -> LayerNames {
    LayerNames(convolution: "\(name).conv\(number)", normalization: "\(name).bn\(number)")
  }
}

/// A convolution, batch normalization and an activation in one.
extension NetworkBuilder {
  /// Convolution, normalization and, unless it is nil, an activation.
  mutating func layer(
    _ names: LayerNames, _ x: ValueID, channels: Int, kernel: Size2D, stride: Size2D = .one,
    padding: Padding = .half, groups: Int = 1, hasBias: Bool = false, activation: Activation.Function? = .relu
  ) throws(GraphError) -> ValueID {
    let x = try convolution(
      names.convolution, x, channels: channels, kernel: kernel, stride: stride, padding: padding, groups: groups,
      hasBias: hasBias)
    return try normalized(names.normalization, x, activation)
  }

  /// The same with a square kernel.
  mutating func layer(
    _ names: LayerNames, _ x: ValueID, channels: Int, kernel: Int, stride: Int = 1, padding: Padding = .half,
    groups: Int = 1, hasBias: Bool = false, activation: Activation.Function? = .relu
  ) throws(GraphError) -> ValueID {
    try layer(
      names, x, channels: channels, kernel: Size2D(kernel, kernel), stride: Size2D(stride, stride), padding: padding,
      groups: groups, hasBias: hasBias, activation: activation)
  }

  /// Depthwise convolution, normalization and, unless it is nil, an activation.
  mutating func depthwiseLayer(
    _ names: LayerNames, _ x: ValueID, kernel: Int, stride: Int = 1, padding: Padding = .half,
    hasBias: Bool = false, activation: Activation.Function? = .relu
  ) throws(GraphError) -> ValueID {
    let x = try depthwise(
      names.convolution, x, kernel: kernel, stride: stride, padding: padding, hasBias: hasBias)
    return try normalized(names.normalization, x, activation)
  }

  /// Normalization and, unless it is nil, an activation.
  mutating func normalized(
    _ name: String, _ x: ValueID, _ function: Activation.Function? = .relu
  ) throws(GraphError) -> ValueID {
    let x = try normalization(name, x)
    guard let function else { return x }
    return try activation(function, x, name: "\(name).activation")
  }
}
