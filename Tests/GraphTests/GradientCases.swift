@testable import Graph

/// One use of an operator whose gradients are compared with slopes.
struct GradientCase: Sendable {
  let name: String
  let operation: any DifferentiableOperator
  let shapes: [[Int]]
  let values: Values

  /// What the inputs are.
  enum Values {
    /// Anything in −1…1.
    case any
    /// So far apart from each other that a small step changes no order.
    case apart
    /// In 0.5…1.5.
    case positive
    /// At least 1/16 away from 0.
    case awayFromZero
  }

  init(_ name: String, _ operation: any DifferentiableOperator, _ shapes: [[Int]], _ values: Values = .any) {
    (self.name, self.operation, self.shapes, self.values) = (name, operation, shapes, values)
  }

  /// Inputs with a gradient: statistics have none.
  var counted: Int { operation is BatchNormalization ? 3 : shapes.count }

  func inputs(_ random: inout SeededGenerator) -> [Tensor] {
    var inputs = shapes.map { random.tensor($0) }
    for index in inputs.indices {
      switch values {
      case .any: break
      case .positive: inputs[index].values = inputs[index].values.map { 1 + $0 / 2 }
      case .awayFromZero: inputs[index].values = inputs[index].values.map { $0 < 0 ? $0 - 0.0625 : $0 + 0.0625 }
      case .apart:
        // Those of one tensor lie between those of another.
        let offset = Float(index) / 16
        let count = inputs[index].count
        inputs[index].values = (0..<count).map { Float($0 - count / 2) / 8 + offset }.shuffled(using: &random)
      }
    }
    if operation is BatchNormalization { inputs[4].values = inputs[4].values.map { abs($0) + 0.5 } }
    return inputs
  }

  /// Operators that cannot be trained through, and why.
  static let withoutGradient = [
    "SVDF": "it remembers earlier runs, which a batch of independent inputs has not",
    "LSTM": "it comes from int8 networks alone, whose integers are not trained",
  ]

  static let flatFunctions: [Activation.Function] = [.ceiling, .floor, .round, .sign]

  static let functions: [Activation.Function] = [
    .absolute, .clip(low: -0.5, high: 0.5), .celu(alpha: 0.5), .elu(alpha: 0.75), .errorFunction, .exponential, .gelu,
    .geluTanh, .hardSigmoid(alpha: 0.25, beta: 0.5), .hardSwish, .leakyRelu(slope: 0.125), .logarithm, .mish, .negative,
    .power(1.5), .reciprocal, .relu, .selu(alpha: 1.67, gamma: 1.05), .shrink(bias: 0.25, threshold: 0.5), .sigmoid,
    .softplus, .softsign, .squareRoot, .swish, .tanh, .thresholdedRelu(alpha: 0.5),
  ]

  static let all = sums + windows + elements + resamplings

  /// Of products.
  private static let sums: [GradientCase] = [
    GradientCase("convolution", Conv2D(stride: Size2D(2, 1), padding: .all(1)), [[3, 6, 5, 4], [6, 3, 3, 4], [6]]),
    GradientCase(
      "dilated convolution", Conv2D(dilation: Size2D(2, 2), padding: .all(2)), [[2, 6, 7, 3], [5, 3, 3, 3], [5]]),
    GradientCase("grouped convolution", Conv2D(padding: .all(1), groups: 2), [[2, 5, 5, 6], [4, 3, 3, 3], [4]]),
    GradientCase("pointwise convolution", Conv2D(), [[3, 4, 5, 7], [9, 1, 1, 7], [9]]),
    GradientCase(
      "pointwise convolution with stride", Conv2D(stride: Size2D(2, 2)), [[3, 4, 6, 7], [9, 1, 1, 7], [9]]),
    GradientCase(
      "convolution with a stride over its kernel", Conv2D(stride: Size2D(3, 2)), [[2, 8, 7, 3], [5, 2, 1, 3], [5]]),
    GradientCase(
      "dilated convolution with stride", Conv2D(stride: Size2D(2, 3), dilation: Size2D(3, 2), padding: .all(2)),
      [[2, 9, 8, 4], [17, 3, 3, 4], [17]]
    ),
    GradientCase(
      "convolution padded past its kernel",
      Conv2D(stride: Size2D(2, 1), padding: Padding2D(top: 4, left: 0, bottom: 1, right: 3)),
      [[2, 4, 5, 3], [4, 3, 2, 3], [4]]
    ),
    GradientCase("convolution of many channels", Conv2D(padding: .all(1)), [[2, 5, 19, 33], [35, 3, 3, 33], [35]]),
    GradientCase(
      "grouped convolution with stride", Conv2D(stride: Size2D(2, 2), padding: .all(1), groups: 3),
      [[2, 5, 6, 6], [9, 3, 3, 2], [9]]
    ),
    GradientCase(
      "residual convolution", Conv2D(hasResidual: true), [[2, 4, 4, 3], [5, 1, 1, 3], [5], [2, 4, 4, 5]]),
    GradientCase(
      "depthwise", DepthwiseConv2D(stride: Size2D(2, 2), padding: .all(1)), [[3, 6, 7, 5], [3, 3, 5], [5]]),
    GradientCase("depthwise without stride", DepthwiseConv2D(padding: .all(1)), [[3, 5, 6, 33], [3, 3, 33], [33]]),
    GradientCase(
      "large depthwise", DepthwiseConv2D(stride: Size2D(2, 1), dilation: Size2D(1, 2), padding: .all(3)),
      [[2, 7, 9, 18], [5, 7, 18], [18]]
    ),
    GradientCase(
      "depthwise by rows", DepthwiseConv2D(stride: Size2D(3, 2), padding: .all(1)), [[2, 7, 8, 6], [2, 1, 6], [6]]),
    GradientCase("fully connected", FullyConnected(), [[6, 11], [7, 11], [7]]),
  ]

  /// Of pools.
  private static let windows: [GradientCase] = [
    GradientCase(
      "average pool", AveragePool2D(window: Size2D(3, 2), stride: Size2D(2, 2), padding: .all(1)), [[2, 6, 7, 3]]),
    GradientCase(
      "average pool with counted padding",
      AveragePool2D(window: Size2D(3, 3), stride: Size2D(2, 2), padding: .all(1), countsPadding: true), [[2, 7, 7, 3]]
    ),
    GradientCase(
      "max pool", MaxPool2D(window: Size2D(3, 2), stride: Size2D(2, 2), padding: .all(1)), [[2, 6, 7, 3]], .apart),
    GradientCase(
      "dilated max pool", MaxPool2D(window: Size2D(2, 2), dilation: Size2D(2, 1), roundsUp: true), [[2, 5, 6, 4]],
      .apart),
    GradientCase(
      "pool by norms", LpPool(order: 2, window: Size2D(3, 2), stride: Size2D(2, 1), padding: .all(1)), [[2, 6, 7, 3]],
      .awayFromZero),
    GradientCase(
      "pool by norms of order 3", LpPool(order: 3, window: Size2D(2, 2), stride: Size2D(2, 2)), [[2, 6, 6, 3]],
      .awayFromZero),
    GradientCase("pool by sums", LpPool(order: 1, window: Size2D(2, 3)), [[2, 4, 5, 2]], .awayFromZero),
    GradientCase(
      "stochastic pool", StochasticPool2D(window: Size2D(2, 3), stride: Size2D(2, 2)), [[2, 5, 7, 3]], .positive),
    GradientCase("fractional pool", FractionalMaxPool2D(size: Size2D(4, 5)), [[2, 6, 7, 3]], .apart),
    GradientCase(
      "pool by averaged norms", LpPool(window: Size2D(3, 3), stride: Size2D(2, 2), padding: .all(1), averages: true),
      [[2, 5, 6, 3]], .awayFromZero),
  ]

  /// Element by element, and of lines.
  private static let elements: [GradientCase] = [
    GradientCase("batch normalization", BatchNormalization(epsilon: 0.01), [[2, 3, 4, 5], [5], [5], [5], [5]]),
    GradientCase("addition", Add(), [[2, 3, 4, 5], [2, 1, 1, 5]]),
    GradientCase("subtraction", Subtract(), [[2, 3, 4, 5], [2, 3, 4, 1]]),
    GradientCase("product", Multiply(), [[2, 3, 4, 5], [2, 1, 1, 5]]),
    GradientCase("quotient", Divide(), [[2, 3, 4, 5], [2, 1, 1, 5]], .positive),
    GradientCase("maximum", Maximum(), [[2, 3, 4, 5], [2, 3, 4, 5]], .apart),
    GradientCase("minimum of a channel", Minimum(), [[2, 1, 1, 5], [2, 3, 4, 5]], .apart),
    GradientCase("dropout", Dropout(rate: 0.5), [[4, 9]]), GradientCase("softmax", Softmax(), [[4, 9]]),
    GradientCase("logarithm of softmax", LogSoftmax(), [[4, 9]]),
    GradientCase("line by its norm", LpNormalization(order: 2), [[3, 2, 7]]),
    GradientCase("line by its sum", LpNormalization(order: 1), [[3, 2, 7]], .awayFromZero),
    GradientCase(
      "instance normalization", GroupNormalization(groups: 6, extent: .image, epsilon: 0.01), [[3, 4, 5, 6], [6], [6]]),
    GradientCase(
      "group normalization", GroupNormalization(groups: 2, extent: .image, epsilon: 0.01), [[3, 4, 5, 6], [6], [6]]),
    GradientCase(
      "layer normalization", GroupNormalization(groups: 1, extent: .pixel, epsilon: 0.01), [[3, 4, 2, 6], [6], [6]]),
    GradientCase("largest", TopK(count: 3, result: .values), [[4, 8]], .apart),
    GradientCase("smallest", TopK(count: 1, result: .values, smallest: true), [[2, 3, 5]], .apart),
  ]

  /// What moves values.
  private static let resamplings: [GradientCase] = [
    GradientCase("concatenation", Concat(axis: 3), [[2, 3, 4, 5], [2, 3, 4, 2]]),
    GradientCase("slice", Slice(begin: [0, 3, 1, 0], size: [2, 2, 2, 3], step: [1, -2, 2, 1]), [[2, 4, 5, 3]]),
    GradientCase("padding", Pad(before: [0, 1, 0, 2], after: [0, 0, 2, 1]), [[2, 3, 4, 2]]),
    GradientCase(
      "local response normalization",
      LocalResponseNormalization(before: 2, after: 1, alpha: 0.3, beta: 0.75, bias: 1), [[2, 3, 2, 7]]
    ),
    GradientCase("reshape", Reshape(shape: [2, 60]), [[2, 3, 4, 5]]),
    GradientCase("transpose", Transpose(permutation: [0, 3, 1, 2]), [[2, 3, 4, 5]]),

    GradientCase("depth to space", DepthToSpace(block: Size2D(2, 3)), [[2, 3, 2, 12]]),
    GradientCase("pixel shuffle", DepthToSpace(block: Size2D(3, 2), order: .channelsFirst), [[2, 3, 2, 12]]),
    GradientCase("space to depth", SpaceToDepth(block: Size2D(2, 3)), [[2, 4, 6, 3]]),
    GradientCase("edge", BorderPad(before: [0, 2, 1, 0], after: [0, 0, 3, 1], border: .edge), [[2, 3, 4, 2]]),
    GradientCase(
      "reflection", BorderPad(before: [1, 2, 1, 0], after: [0, 0, 3, 1], border: .reflect), [[2, 3, 4, 2]]),
    GradientCase("mirror", BorderPad(before: [0, 2, 1, 0], after: [0, 1, 3, 0], border: .symmetric), [[2, 3, 4, 2]]),
    GradientCase("turn", BorderPad(before: [0, 5, 1, 0], after: [0, 0, 3, 0], border: .wrap), [[2, 3, 4, 2]]),
    GradientCase("nearest pixel", resize(.nearestPreferFormer), [[2, 4, 5, 3]]),
    GradientCase("bilinear", resize(.linear), [[2, 4, 5, 3]]),
    GradientCase("bicubic", resize(.cubic(slope: -0.75, excludesOutside: false)), [[2, 4, 5, 3]]),
  ]

  /// Of 4×5 pixels to 7×3.
  private static func resize(_ sampling: ResizeAxis.Sampling) -> Resize {
    Resize(
      size: Size2D(7, 3), rows: ResizeAxis(scale: 7 / 4, coordinates: .halfPixel),
      columns: ResizeAxis(scale: 3 / 5, coordinates: .halfPixel), sampling: sampling)
  }
}

extension Padding2D {
  static func all(_ side: Int) -> Padding2D { Padding2D(top: side, left: side, bottom: side, right: side) }
}
