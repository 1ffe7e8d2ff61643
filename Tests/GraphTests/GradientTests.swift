import Testing

@testable import Graph

/// Every gradient against the slope of the operator's own evaluation along random directions.
@Suite struct GradientTests {
  private static let images: [(name: String, operation: any DifferentiableOperator, shapes: [[Int]])] = [
    ("convolution", Conv2D(stride: Size2D(2, 1), padding: .all(1)), [[3, 6, 5, 4], [6, 3, 3, 4], [6]]),
    ("dilated convolution", Conv2D(dilation: Size2D(2, 2), padding: .all(2)), [[2, 6, 7, 3], [5, 3, 3, 3], [5]]),
    ("grouped convolution", Conv2D(padding: .all(1), groups: 2), [[2, 5, 5, 6], [4, 3, 3, 3], [4]]),
    ("pointwise convolution", Conv2D(), [[3, 4, 5, 7], [9, 1, 1, 7], [9]]),
    ("pointwise convolution with stride", Conv2D(stride: Size2D(2, 2)), [[3, 4, 6, 7], [9, 1, 1, 7], [9]]),
    ("convolution with a stride over its kernel", Conv2D(stride: Size2D(3, 2)), [[2, 8, 7, 3], [5, 2, 1, 3], [5]]),
    (
      "dilated convolution with stride", Conv2D(stride: Size2D(2, 3), dilation: Size2D(3, 2), padding: .all(2)),
      [[2, 9, 8, 4], [17, 3, 3, 4], [17]]
    ),
    (
      "convolution padded past its kernel",
      Conv2D(stride: Size2D(2, 1), padding: Padding2D(top: 4, left: 0, bottom: 1, right: 3)),
      [[2, 4, 5, 3], [4, 3, 2, 3], [4]]
    ),
    ("convolution of many channels", Conv2D(padding: .all(1)), [[2, 5, 19, 33], [35, 3, 3, 33], [35]]),
    (
      "grouped convolution with stride", Conv2D(stride: Size2D(2, 2), padding: .all(1), groups: 3),
      [[2, 5, 6, 6], [9, 3, 3, 2], [9]]
    ),
    ("residual convolution", Conv2D(hasResidual: true), [[2, 4, 4, 3], [5, 1, 1, 3], [5], [2, 4, 4, 5]]),
    ("depthwise", DepthwiseConv2D(stride: Size2D(2, 2), padding: .all(1)), [[3, 6, 7, 5], [3, 3, 5], [5]]),
    ("depthwise without stride", DepthwiseConv2D(padding: .all(1)), [[3, 5, 6, 33], [3, 3, 33], [33]]),
    (
      "large depthwise", DepthwiseConv2D(stride: Size2D(2, 1), dilation: Size2D(1, 2), padding: .all(3)),
      [[2, 7, 9, 18], [5, 7, 18], [18]]
    ),
    ("depthwise by rows", DepthwiseConv2D(stride: Size2D(3, 2), padding: .all(1)), [[2, 7, 8, 6], [2, 1, 6], [6]]),
    ("fully connected", FullyConnected(), [[6, 11], [7, 11], [7]]),
    ("average pool", AveragePool2D(window: Size2D(3, 2), stride: Size2D(2, 2), padding: .all(1)), [[2, 6, 7, 3]]),
    (
      "average pool with counted padding",
      AveragePool2D(window: Size2D(3, 3), stride: Size2D(2, 2), padding: .all(1), countsPadding: true), [[2, 7, 7, 3]]
    ),
    ("batch normalization", BatchNormalization(epsilon: 0.01), [[2, 3, 4, 5], [5], [5], [5], [5]]),
    ("addition", Add(), [[2, 3, 4, 5], [2, 1, 1, 5]]),
    ("subtraction", Subtract(), [[2, 3, 4, 5], [2, 3, 4, 1]]),
    ("product", Multiply(), [[2, 3, 4, 5], [2, 1, 1, 5]]),
    ("concatenation", Concat(axis: 3), [[2, 3, 4, 5], [2, 3, 4, 2]]),
    ("slice", Slice(begin: [0, 3, 1, 0], size: [2, 2, 2, 3], step: [1, -2, 2, 1]), [[2, 4, 5, 3]]),
    ("padding", Pad(before: [0, 1, 0, 2], after: [0, 0, 2, 1]), [[2, 3, 4, 2]]),
    (
      "local response normalization",
      LocalResponseNormalization(before: 2, after: 1, alpha: 0.3, beta: 0.75, bias: 1), [[2, 3, 2, 7]]
    ),
    ("reshape", Reshape(shape: [2, 60]), [[2, 3, 4, 5]]),
    ("transpose", Transpose(permutation: [0, 3, 1, 2]), [[2, 3, 4, 5]]),
    ("sigmoid", Activation(.sigmoid), [[2, 30]]), ("tanh", Activation(.tanh), [[2, 30]]),
    ("swish", Activation(.swish), [[2, 30]]), ("softplus", Activation(.softplus), [[2, 30]]),
    ("exponential", Activation(.exponential), [[2, 30]]),
  ]

  @Test(arguments: images.indices) func isTheSlope(_ index: Int) throws {
    let (name, operation, shapes) = Self.images[index]
    var random = SplitMix(seed: UInt64(index))
    var inputs = shapes.map { random.tensor($0) }
    if operation is BatchNormalization { inputs[4].values = inputs[4].values.map { abs($0) + 0.5 } }
    let counted = operation is BatchNormalization ? 3 : inputs.count
    try check(name, operation, inputs, counted: counted, &random)
  }

  /// Functions with corners, on values that stay away from them.
  @Test(arguments: [
    Activation.Function.relu, .clip(low: -0.5, high: 0.5), .leakyRelu(slope: 0.1), .hardSwish,
    .hardSigmoid(alpha: 0.2, beta: 0.5), .negative,
  ])
  func isTheSlopeBetweenCorners(_ function: Activation.Function) throws {
    var random = SplitMix(seed: 7)
    let steps = (0..<64).map { Float($0 - 32) / 8 + 0.0625 }
    try check("\(function)", Activation(function), [Tensor(shape: [1, 64], values: steps)], counted: 1, &random)
  }

  @Test func goesToTheMaximum() throws {
    var random = SplitMix(seed: 3)
    // Values far enough apart that a small step changes no maximum.
    var values = (0..<2 * 6 * 7 * 3).map { Float($0) / 8 }
    for index in values.indices { values.swapAt(index, Int(random.next() % UInt64(values.count))) }
    let pool = MaxPool2D(window: Size2D(3, 2), stride: Size2D(2, 2), padding: .all(1))
    try check("max pool", pool, [Tensor(shape: [2, 6, 7, 3], values: values)], counted: 1, &random)
  }

  @Test func goesThroughTheStatisticsOfABatch() throws {
    var random = SplitMix(seed: 5)
    let operation = BatchNormalization(epsilon: 0.01)
    let inputs = [random.tensor([3, 4, 2, 5]), random.tensor([5]), random.tensor([5])]
    let weights = random.tensor([3, 4, 2, 5])
    let workers = Workers(count: 2)
    let evaluate: ([Tensor]) -> Double = { inputs in
      let output = operation.evaluateInTraining(inputs[0], scale: inputs[1], shift: inputs[2], on: workers).output
      return product(output, weights)
    }
    let statistics = operation.evaluateInTraining(inputs[0], scale: inputs[1], shift: inputs[2], on: workers).statistics
    let all = operation.gradientsInTraining(
      inputs[0], scale: inputs[1], shift: inputs[2], statistics, weights, on: workers)
    for (position, gradient) in [all.x, all.scale, all.shift].enumerated() {
      try compare("batch statistics, input \(position)", inputs, position, gradient, &random, evaluate)
    }
  }

  @Test func hasTheSameBitsWithAnyNumberOfThreads() {
    var random = SplitMix(seed: 9)
    let operation = Conv2D(padding: .all(1))
    let inputs = [random.tensor([7, 6, 5, 4]), random.tensor([8, 3, 3, 4]), random.tensor([8])]
    let gradient = random.tensor([7, 6, 5, 8])
    let results = [1, 2, 3].map { threads in
      operation.gradients(
        inputs, output: gradient, gradient: gradient, wanted: [true, true, true], on: Workers(count: threads))
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func givesOnlyWhatIsAskedFor() {
    var random = SplitMix(seed: 11)
    let inputs = [random.tensor([1, 4, 4, 2]), random.tensor([3, 3, 3, 2]), random.tensor([3])]
    let results = Conv2D().gradients(
      inputs, output: random.tensor([1, 2, 2, 3]), gradient: random.tensor([1, 2, 2, 3]),
      wanted: [false, true, false], on: Workers(count: 1))
    #expect(results.map { $0 == nil } == [true, false, true])
  }

  private func check(
    _ name: String, _ operation: any DifferentiableOperator, _ inputs: [Tensor], counted: Int, _ random: inout SplitMix
  ) throws {
    let workers = Workers(count: 2)
    let output = operation.evaluate(inputs, on: workers)[0]
    let weights = random.tensor(output.shape)
    let wanted = inputs.indices.map { $0 < counted }
    let gradients = operation.gradients(inputs, output: output, gradient: weights, wanted: wanted, on: workers)
    for position in 0..<counted {
      let gradient = try #require(gradients[position], "\(name): input \(position) has no gradient")
      try compare("\(name), input \(position)", inputs, position, gradient, &random) {
        product(operation.evaluate($0, on: workers)[0], weights)
      }
    }
  }

  /// Along random directions, the slope of `evaluate` is the gradient's product with the direction.
  private func compare(
    _ name: String, _ inputs: [Tensor], _ position: Int, _ gradient: Tensor, _ random: inout SplitMix,
    _ evaluate: ([Tensor]) -> Double
  ) throws {
    #expect(gradient.shape == inputs[position].shape)
    let step: Float = 1 / 128
    for _ in 0..<4 {
      let direction = random.tensor(gradient.shape)
      var (above, below) = (inputs, inputs)
      for index in direction.values.indices {
        above[position].values[index] += step * direction.values[index]
        below[position].values[index] -= step * direction.values[index]
      }
      let slope = (evaluate(above) - evaluate(below)) / Double(2 * step)
      let expected = product(gradient, direction)
      let size = (product(gradient, gradient) * product(direction, direction)).squareRoot()
      #expect(abs(slope - expected) <= 2e-3 * max(size, 1e-3), "\(name): slope \(slope), gradient \(expected)")
    }
  }
}

private func product(_ a: Tensor, _ b: Tensor) -> Double {
  zip(a.values, b.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

extension Padding2D {
  fileprivate static func all(_ side: Int) -> Padding2D { Padding2D(top: side, left: side, bottom: side, right: side) }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
private struct SplitMix {
  var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Values in −1…1.
  mutating func tensor(_ shape: [Int]) -> Tensor {
    Tensor(
      shape: shape, values: (0..<shape.reduce(1, *)).map { _ in Float(Int64(bitPattern: next()) >> 40) / 8_388_608 })
  }
}
