import Graph

/// One convolution of an inception block: a name within the block, channels, kernel.
struct InceptionLayer {
  var name: String
  var channels: Int
  var kernel: Size2D
  var stride = 1
  var padding: Padding = .half

  init(_ name: String, _ channels: Int, _ height: Int, _ width: Int) {
    (self.name, self.channels, kernel) = (name, channels, Size2D(height, width))
  }

  /// A square kernel.
  init(_ name: String, _ channels: Int, _ side: Int) { self.init(name, channels, side, side) }

  /// The same with stride 2 and no padding, as where a block halves the image.
  var halving: InceptionLayer {
    var layer = self
    (layer.stride, layer.padding) = (2, .none)
    return layer
  }

  /// The same without padding.
  var unpadded: InceptionLayer {
    var layer = self
    layer.padding = .none
    return layer
  }
}

extension NetworkBuilder {
  /// Convolutions with normalization and ReLU, one after the other, called `block.NAME.conv` and `block.NAME.bn`.
  mutating func inceptionBranch(
    _ block: String, _ input: ValueID, _ layers: [InceptionLayer]
  ) throws(GraphError) -> ValueID {
    var x = input
    for item in layers {
      x = try layer(
        .module(block.isEmpty ? item.name : "\(block).\(item.name)"), x, channels: channels(item.channels),
        kernel: item.kernel, stride: Size2D(item.stride, item.stride), padding: item.padding)
    }
    return x
  }

  /// Several branches of one input, side by side.
  mutating func inceptionBranches(
    _ block: String, _ input: ValueID, _ branches: [[InceptionLayer]]
  ) throws(GraphError) -> [ValueID] {
    var results: [ValueID] = []
    for branch in branches { results.append(try inceptionBranch(block, input, branch)) }
    return results
  }

  /// Means of 3×3 windows, then a 1×1 convolution.
  mutating func inceptionPool(
    _ block: String, _ input: ValueID, _ layer: InceptionLayer, countsPadding: Bool
  ) throws(GraphError) -> ValueID {
    let means = try averagePool(
      input, window: 3, stride: 1, padding: .half, countsPadding: countsPadding, name: "\(block).pool")
    return try inceptionBranch(block, means, [layer])
  }

  /// Maxima of 3×3 windows at every second pixel, as where a block halves the image.
  mutating func inceptionHalvingPool(_ block: String, _ input: ValueID) throws(GraphError) -> ValueID {
    try maxPool(input, window: 3, stride: 2, name: "\(block).pool")
  }
}
