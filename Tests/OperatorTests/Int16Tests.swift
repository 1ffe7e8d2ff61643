import Graph
import Testing

/// Operators of int16 tensors against the float definition: weights lose nothing in these problems, so that what differs
/// is the rounding of the output, half a step, and the float definition's own rounding, some thousandths of one.
struct Int16Tests {
  private func check16(_ problem: Problem, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try check(problem, activations: .int16, sourceLocation: sourceLocation)
  }

  /// Any kernel, stride, dilation, padding and grouping.
  @Test(arguments: 0..<40 as Range<UInt64>) func convolution(seed: UInt64) throws {
    try check16(
      Problem(seed, toleranceInSteps: 0.6) { problem in
        let groups = problem.pick([1, 1, 1, 2, 4])
        let depth = problem.pick([1, 2, 3, 5, 8, 16, 20])
        let kernel = Size2D(problem.pick(1...4), problem.pick(1...4))
        let x = problem.input([1, problem.pick(7...11), problem.pick(7...11), depth * groups])
        let outputs = problem.pick([1, 3, 4, 16, 17, 40]) * groups
        let weights = problem.weights([outputs, kernel.height, kernel.width, depth])
        let bias = problem.bias(outputs)
        let convolution = Conv2D(
          stride: Size2D(problem.pick(1...2), problem.pick(1...2)),
          dilation: Size2D(problem.pick(1...2), problem.pick(1...2)), padding: problem.padding(lessThan: kernel),
          groups: groups)
        return try problem.applyWithClamp(convolution, x, weights, bias)
      })
  }

  @Test(arguments: 0..<30 as Range<UInt64>) func depthwise(seed: UInt64) throws {
    try check16(
      Problem(seed, toleranceInSteps: 0.6) { problem in
        let kernel = Size2D(problem.pick(1...5), problem.pick(1...5))
        let x = problem.input([1, problem.pick(9...12), problem.pick(9...12), problem.pick([1, 3, 16, 17, 40])])
        let channels = problem.channels(x)
        let weights = problem.weights([kernel.height, kernel.width, channels], channelsLast: true)
        let bias = problem.bias(channels)
        let depthwise = DepthwiseConv2D(
          stride: Size2D(problem.pick(1...2), problem.pick(1...2)),
          dilation: Size2D(problem.pick(1...2), problem.pick(1...2)), padding: problem.padding(lessThan: kernel))
        return try problem.applyWithClamp(depthwise, x, weights, bias)
      })
  }

  /// One position, and several, which become a convolution.
  @Test(arguments: 0..<20 as Range<UInt64>) func fullyConnected(seed: UInt64) throws {
    try check16(
      Problem(seed, toleranceInSteps: 0.6) { problem in
        let depth = problem.pick([1, 3, 4, 17, 64, 300, 1100])
        let outputs = problem.pick([1, 2, 10, 16, 33])
        let x = problem.input(problem.pick([[1, depth], [1, 5, depth]]))
        let weights = problem.weights([outputs, depth])
        return try problem.applyWithClamp(FullyConnected(), x, weights, problem.bias(outputs))
      })
  }

  @Test(arguments: 0..<24 as Range<UInt64>) func sumsAndProducts(seed: UInt64) throws {
    try check16(
      Problem(seed, toleranceInSteps: 0.6) { problem in
        let (a, b) = problem.operands()
        let operations: [any Operator] = [Add(), Subtract(), Multiply()]
        let operation = operations[Int(seed % 3)]
        return try problem.applyWithClamp(operation, a, b)
      })
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func pooling(seed: UInt64) throws {
    try check16(
      Problem(seed, toleranceInSteps: 0.6) { problem in
        let window = Size2D(problem.pick(1...4), problem.pick(1...4))
        let x = problem.input([1, problem.pick(4...9), problem.pick(4...9), problem.pick([1, 3, 16, 33])])
        let stride = Size2D(problem.pick(1...3), problem.pick(1...3))
        let padding = problem.padding(lessThan: window)
        return [
          try problem.apply(MaxPool2D(window: window, stride: stride, padding: padding), x),
          try problem.apply(
            AveragePool2D(window: window, stride: stride, padding: padding, countsPadding: seed % 2 == 0), x),
        ]
      })
  }

  /// Copies, cuts, fillings and reorderings of two-byte values, and joined tensors of unlike scales, which are rounded
  /// once more.
  @Test(arguments: 0..<20 as Range<UInt64>) func movement(seed: UInt64) throws {
    try check16(
      Problem(seed, toleranceInSteps: 0.6) { problem in
        let x = problem.input([1, problem.pick(2...5), problem.pick(2...5), problem.pick([2, 5, 16, 19])])
        let shape = problem.graph[x].shape
        let slice = try problem.apply(
          Slice(begin: [0, 1, 0, 1], size: [1, shape[1] - 1, shape[2], (shape[3] - 1 + 1) / 2], step: [1, 1, 1, 2]), x)
        let pad = try problem.apply(
          Pad(before: [0, 1, 0, 3], after: [0, 0, 2, 1], value: seed % 2 == 0 ? 0 : 0.01), x)
        let transposed = try problem.apply(Transpose(permutation: problem.pick([[0, 3, 1, 2], [0, 2, 1, 3]])), x)
        let other = problem.input(shape)
        let axis = problem.pick(1...3)
        let joined = try problem.apply(Concat(axis: axis), x, other)
        let flat = try problem.apply(Reshape(shape: [1, shape.reduce(1, *)]), x)
        return [slice, pad, transposed, joined, flat]
      })
  }

  /// Exponentials are rounded to 31 bits and the quotient to 2⁻¹⁵; the table of a float32 scale is not exact either.
  @Test(arguments: 0..<20 as Range<UInt64>) func softmax(seed: UInt64) throws {
    try check16(
      Problem(seed, toleranceInSteps: 0.75) { problem in
        [try problem.apply(Softmax(), problem.input([1, problem.pick(1...3), problem.pick([1, 2, 10, 100, 1000])]))]
      })
  }

  /// Straight lines between the 513 points of a table: exact for piecewise linear functions that bend at a point.
  @Test(arguments: 0..<20 as Range<UInt64>) func activations(seed: UInt64) throws {
    try check16(
      Problem(seed, toleranceInSteps: 1.1) { problem in
        let x = problem.image()
        let functions: [Activation.Function] = [.relu, .leakyRelu(slope: 0.25), .absolute]
        return [try problem.apply(Activation(problem.pick(functions)), x)]
      })
  }

  /// Sigmoid and tanh by the 256-entry table: within two steps of 2⁻¹⁵·… of the exact value.
  @Test(arguments: 0..<20 as Range<UInt64>) func sigmoidAndTanh(seed: UInt64) throws {
    try check16(
      Problem(seed, toleranceInSteps: 40) { problem in
        let x = problem.image()
        return [try problem.apply(Activation(seed % 2 == 0 ? .sigmoid : .tanh), x)]
      })
  }

  /// One layer of three in sixteen bits: what lies between widths is requantized.
  @Test(arguments: 0..<10 as Range<UInt64>) func chosenLayers(seed: UInt64) throws {
    var names: Set<String> = []
    let problem = try Problem(seed, toleranceInSteps: 3) { problem in
      let x = problem.input([1, 6, 6, 8])
      let first = try problem.apply(MaxPool2D(window: Size2D(2, 2)), x)
      let second = try problem.apply(Add(), first, first)
      names = [problem.graph.nodes[1].name]
      return [try problem.apply(MaxPool2D(window: Size2D(2, 2)), second)]
    }
    try check(problem, activations: .int16Layers(names))
  }
}
