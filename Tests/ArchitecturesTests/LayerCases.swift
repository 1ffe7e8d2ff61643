import Graph

extension LayerCase {
  static let all = convolutions + paddings + pools + normalizations + functions

  private static let square = Padding2D(top: 1, left: 1, bottom: 1, right: 1)
  private static let three = Size2D(3, 3)
  private static let two = Size2D(2, 2)

  private static let convolutions: [LayerCase] = [
    LayerCase(name: "convolution", form: "Conv2D", followsConvolution: false) {
      try $0.convolution($1, outputs: 6, kernel: three, name: "layer")
    },
    LayerCase(name: "1×1 convolution", form: "Conv2D", followsConvolution: false) {
      try $0.convolution($1, outputs: 6, kernel: .one, name: "layer")
    },
    LayerCase(name: "spatially separable convolution", form: "two Conv2D", followsConvolution: false) {
      let x = try $0.convolution($1, outputs: 6, kernel: Size2D(3, 1), name: "rows")
      return try $0.convolution(x, outputs: 6, kernel: Size2D(1, 3), name: "columns")
    },
    LayerCase(name: "depthwise separable convolution", form: "DepthwiseConv2D, Conv2D", followsConvolution: false) {
      let (weights, bias) = ($0.weights([3, 3, 4], "taps"), $0.constant([4], 0, "taps.bias"))
      let x = try $0.apply(DepthwiseConv2D(padding: square), [$1, weights, bias])
      return try $0.convolution(x, outputs: 6, kernel: .one, name: "mix")
    },
    LayerCase(name: "grouped convolution", form: "Conv2D", followsConvolution: false) {
      try $0.convolution($1, outputs: 6, kernel: three, Conv2D(padding: square, groups: 2), name: "layer")
    },
    LayerCase(
      name: "shuffled grouped convolution", form: "Conv2D, Reshape, Transpose, Reshape, Conv2D",
      followsConvolution: false
    ) {
      var x = try $0.convolution($1, outputs: 8, kernel: .one, Conv2D(groups: 2), name: "first")
      x = try $0.apply(Reshape(shape: [1, 12, 12, 2, 4]), [x])
      x = try $0.apply(Transpose(permutation: [0, 1, 2, 4, 3]), [x])
      x = try $0.apply(Reshape(shape: [1, 12, 12, 8]), [x])
      return try $0.convolution(x, outputs: 6, kernel: .one, Conv2D(groups: 2), name: "second")
    },
    LayerCase(name: "dilated convolution", form: "Conv2D", followsConvolution: false) {
      let padding = Padding2D(top: 2, left: 2, bottom: 2, right: 2)
      return try $0.convolution($1, outputs: 6, kernel: three, Conv2D(dilation: two, padding: padding), name: "layer")
    },
    LayerCase(
      name: "transposed convolution", form: "`TransposedConvolution`: Conv2D, DepthToSpace, Slice",
      followsConvolution: false
    ) {
      let axis = TransposedConvolution.Axis(kernel: 4, stride: 2, dilation: 1, cropped: 1, input: 12, output: 24)
      let layer = TransposedConvolution(rows: axis, columns: axis, groups: 1)
      let id = $0.weights([3, 4, 4, 4], "source")
      let expanded = $0.graph.addConstant("weight", layer.weights($0.graph[id].constant ?? Tensor(shape: [0])))
      let bias = $0.constant([12], 0, "bias")
      var x = try $0.apply(layer.convolution, [$1, expanded, bias])
      x = try $0.apply(layer.depthToSpace, [x])
      return try $0.apply(layer.slice(channels: 3), [x])
    },
    LayerCase(
      name: "locally connected layer", form: "`appendLocallyConnected`: slices, Concat, grouped Conv2D",
      followsConvolution: false
    ) {
      let (weights, bias) = ($0.weights([36 * 3, 1, 1, 36], "weight"), $0.constant([36 * 3], 0, "bias"))
      return try $0.graph.appendLocallyConnected(
        $1, weights: weights, bias: bias, kernel: three, stride: two, padding: square, name: "layer")
    },
    LayerCase(
      name: "tiled convolution", form: "`appendTiledConvolution`: Conv2D for each place, Concat, DepthToSpace",
      followsConvolution: false
    ) { network, x in
      let kernels = (0..<6).map {
        (network.weights([5, 3, 3, 4], "weight\($0)"), network.constant([5], 0, "bias\($0)"))
      }
      return try network.graph.appendTiledConvolution(
        x, kernels: kernels, tile: Size2D(2, 3), padding: square, name: "layer")
    },
    LayerCase(
      name: "3-D convolution", form: "`appendVolumeConvolution`: slices, Conv2D with shared weights, Concat",
      followsConvolution: false
    ) {
      let (weights, bias) = ($0.weights([3, 3, 3, 3], "weight"), $0.constant([3], 0, "bias"))
      return try $0.graph.appendVolumeConvolution(
        $1, depth: 4, weights: weights, bias: bias, kernelDepth: 3, depthPadding: 1, plane: Conv2D(padding: square),
        name: "layer")
    },
    LayerCase(
      name: "pseudo-3-D convolution", form: "`appendVolumeConvolution` twice: in the plane, then along the depth",
      followsConvolution: false
    ) {
      let (plane, planeBias) = ($0.weights([2, 3, 3, 1], "plane"), $0.constant([2], 0, "plane.bias"))
      let x = try $0.graph.appendVolumeConvolution(
        $1, depth: 4, weights: plane, bias: planeBias, kernelDepth: 1, plane: Conv2D(padding: square), name: "plane")
      let (line, lineBias) = ($0.weights([3, 1, 1, 6], "line"), $0.constant([3], 0, "line.bias"))
      return try $0.graph.appendVolumeConvolution(
        x, depth: 4, weights: line, bias: lineBias, kernelDepth: 3, depthStride: 1, plane: Conv2D(), name: "line")
    },
  ]

  private static func border(_ border: BorderPad.Border, _ name: String) -> LayerCase {
    LayerCase(name: name, form: "BorderPad", followsConvolution: true) {
      let x = try $0.apply(BorderPad(before: [0, 2, 1, 0], after: [0, 1, 2, 0], border: border), [$1])
      return try $0.convolution(x, outputs: 4, kernel: three, Conv2D(stride: two), name: "layer")
    }
  }

  private static let paddings: [LayerCase] = [
    LayerCase(name: "zero padding", form: "Conv2D, or Pad") {
      try $0.apply(Pad(before: [0, 1, 2, 0], after: [0, 2, 0, 0]), [$1])
    },
    border(.edge, "replicate padding"), border(.reflect, "reflecting padding"),
    border(.symmetric, "symmetric padding"), border(.wrap, "circular padding"),
  ]

  private static let pool = MaxPool2D(window: Size2D(3, 3), stride: Size2D(2, 2))
  private static let pools: [LayerCase] = [
    LayerCase(name: "max pooling", form: "MaxPool2D") { try $0.apply(pool, [$1]) },
    LayerCase(name: "min pooling", form: "`appendMinPool`: MaxPool2D between two signs") {
      try $0.graph.appendMinPool($1, pool, name: "layer")
    },
    LayerCase(name: "average pooling", form: "AveragePool2D") {
      try $0.apply(AveragePool2D(window: three, stride: two, padding: .zero, countsPadding: false), [$1])
    },
    LayerCase(name: "L_p pooling", form: "LpPool") { try $0.apply(LpPool(order: 3, window: three, stride: two), [$1]) },
    LayerCase(name: "mixed pooling", form: "`appendMixedPool`: MaxPool2D, AveragePool2D, learned shares") {
      let share = $0.factor($0.channels($1), 0.5, "share")
      return try $0.graph.appendMixedPool($1, pool, share: share, name: "layer")
    },
    LayerCase(name: "global average pooling", form: "AveragePool2D") {
      try $0.apply(
        AveragePool2D(window: Size2D(12, 12), stride: .one, padding: .zero, countsPadding: false), [$1])
    },
    LayerCase(name: "global max pooling", form: "MaxPool2D") {
      try $0.apply(MaxPool2D(window: Size2D(12, 12)), [$1])
    },
    LayerCase(name: "spatial-pyramid pooling", form: "`appendSpatialPyramid`: slices, MaxPool2D, Concat") {
      try $0.graph.appendSpatialPyramid($1, levels: [1, 2, 5], name: "layer")
    },
    LayerCase(name: "stochastic pooling", form: "StochasticPool2D", isForTrainingAlone: true) {
      try $0.apply(StochasticPool2D(window: two, stride: two), [$1])
    },
    LayerCase(name: "fractional pooling", form: "FractionalMaxPool2D", isForTrainingAlone: true) {
      try $0.apply(FractionalMaxPool2D(size: Size2D(8, 7)), [$1])
    },
  ]

  private static func group(_ name: String, _ groups: Int, _ extent: GroupNormalization.Extent) -> LayerCase {
    LayerCase(name: name, form: "GroupNormalization") {
      let (scale, shift) = ($0.constant([6], 1, "scale"), $0.constant([6], 0, "shift"))
      return try $0.apply(GroupNormalization(groups: groups, extent: extent, epsilon: 1e-3), [$1, scale, shift])
    }
  }

  private static let normalizations: [LayerCase] = [
    LayerCase(name: "batch normalization", form: "BatchNormalization") {
      let (scale, shift) = ($0.constant([6], 1, "scale"), $0.constant([6], 0, "shift"))
      let (mean, variance) = ($0.constant([6], 0, "mean"), $0.constant([6], 1, "variance"))
      return try $0.apply(BatchNormalization(epsilon: 1e-3), [$1, scale, shift, mean, variance])
    },
    group("layer normalization", 1, .pixel), group("instance normalization", 6, .image),
    group("group normalization", 2, .image),
    LayerCase(name: "local response normalization", form: "LocalResponseNormalization") {
      try $0.apply(LocalResponseNormalization(before: 2, after: 2, alpha: 0.3, beta: 0.75, bias: 1), [$1])
    },
  ]

  private static func function(_ name: String, _ function: Activation.Function) -> LayerCase {
    LayerCase(name: name, form: "Activation") { try $0.apply(Activation(function), [$1]) }
  }

  private static let functions: [LayerCase] = [
    function("ReLU", .relu), function("leaky ReLU", .leakyRelu(slope: 0.1)),
    LayerCase(name: "PReLU", form: "`appendParametricRelu`: two clamps, a learned factor, Add") {
      let slope = $0.factor($0.channels($1), 0.25, "slope")
      return try $0.graph.appendParametricRelu($1, slope: slope, name: "layer")
    },
    function("ReLU6", .clip(low: 0, high: 6)), function("sigmoid", .sigmoid), function("tanh", .tanh),
    function("swish", .swish), function("hard-swish", .hardSwish),
    LayerCase(name: "softmax", form: "Softmax") { try $0.apply(Softmax(), [$1]) },
    LayerCase(name: "dropout", form: "Dropout, which packed networks do without") {
      try $0.apply(Dropout(rate: 0.3), [$1])
    },
    LayerCase(name: "squeeze-and-excitation", form: "AveragePool2D, Conv2D, Activation, Multiply") {
      var x = try $0.apply(
        AveragePool2D(window: Size2D(12, 12), stride: .one, padding: .zero, countsPadding: false), [$1])
      x = try $0.convolution(x, outputs: 2, kernel: .one, name: "squeeze")
      x = try $0.apply(Activation(.relu), [x])
      x = try $0.convolution(x, outputs: 6, kernel: .one, name: "excite")
      x = try $0.apply(Activation(.sigmoid), [x])
      return try $0.apply(Multiply(), [$1, x])
    },
  ]
}
