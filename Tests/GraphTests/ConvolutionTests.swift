import Testing

@testable import Graph

/// A random geometry whose window fits.
private struct Problem {
  var image: [Int]
  var kernel: Size2D
  var stride: Size2D
  var dilation: Size2D
  var padding: Padding2D

  init(_ random: inout SeededGenerator, channels: Int) {
    kernel = Size2D(random.size(1...4), random.size(1...4))
    stride = Size2D(random.size(1...3), random.size(1...3))
    dilation = Size2D(random.size(1...2), random.size(1...2))
    padding = Padding2D(
      top: random.size(0...3), left: random.size(0...3), bottom: random.size(0...3), right: random.size(0...3))
    image = [
      random.size(1...2), (kernel.height - 1) * dilation.height + random.size(1...9),
      (kernel.width - 1) * dilation.width + random.size(1...9), channels,
    ]
  }
}

@Suite struct ConvolutionTests {
  @Test(arguments: 0..<150) func denseEqualsDefinition(seed: Int) throws {
    var random = SeededGenerator(seed)
    let groups = random.size(1...3)
    let depth = random.size(1...21)
    let problem = Problem(&random, channels: groups * depth)
    let outputs = groups * random.size(1...40)
    let hasResidual = random.size(0...1) == 1
    let operation = Conv2D(
      stride: problem.stride, dilation: problem.dilation, padding: problem.padding, groups: groups,
      hasResidual: hasResidual)
    let image = random.tensor(problem.image)
    let weights = random.tensor([outputs, problem.kernel.height, problem.kernel.width, depth])
    let bias = random.tensor([outputs])
    let plain = Conv2D(stride: problem.stride, dilation: problem.dilation, padding: problem.padding, groups: groups)
    let output = try plain.outputShapes([image.shape, weights.shape, bias.shape])[0]
    let residual = random.tensor(output)
    var expected = Definition.convolution(
      image, weights, bias, output: output, stride: problem.stride, dilation: problem.dilation,
      padding: problem.padding, groups: groups)
    if hasResidual { expected.values = zip(expected.values, residual.values).map { $0 + $1 } }
    let inputs = [image, weights, bias] + (hasResidual ? [residual] : [])
    for threads in [1, 3] {
      let actual = operation.evaluate(inputs, on: Workers(count: threads))[0]
      #expect(relativeError(actual, expected) < 1e-5)
      let clamped = operation.evaluate(
        inputs, prepared: operation.prepare(inputs), clamp: -0.5...0.75, on: Workers(count: threads))[0]
      let limited = Tensor(shape: output, values: actual.values.map { min(0.75, max(-0.5, $0)) })
      #expect(relativeError(clamped, limited) < 1e-6)
    }
  }

  @Test(arguments: 0..<80) func depthwiseEqualsDefinition(seed: Int) throws {
    var random = SeededGenerator(1000 + seed)
    let channels = random.size(1...150)
    let problem = Problem(&random, channels: channels)
    let operation = DepthwiseConv2D(stride: problem.stride, dilation: problem.dilation, padding: problem.padding)
    let image = random.tensor(problem.image)
    let weights = random.tensor([problem.kernel.height, problem.kernel.width, channels])
    let bias = random.tensor([channels])
    let output = try operation.outputShapes([image.shape, weights.shape, bias.shape])[0]
    let dense = Tensor(shape: [channels, problem.kernel.height, problem.kernel.width, 1]) {
      weights[$0[1], $0[2], $0[0]]
    }
    let expected = Definition.convolution(
      image, dense, bias, output: output, stride: problem.stride, dilation: problem.dilation,
      padding: problem.padding, groups: channels)
    for threads in [1, 3] {
      #expect(
        relativeError(operation.evaluate([image, weights, bias], on: Workers(count: threads))[0], expected) < 1e-5)
    }
    let clamped = operation.evaluate([image, weights, bias], prepared: nil, clamp: 0...1, on: Workers(count: 1))[0]
    let expectedClamped = Tensor(shape: output, values: expected.values.map { min(1, max(0, $0)) })
    #expect(relativeError(clamped, expectedClamped) < 1e-5)
  }

  @Test func largeSplitsByPixelsAndByChannels() throws {
    var random = SeededGenerator(7)
    for (height, depth, outputs, kernel) in [(24, 33, 40, 3), (5, 160, 530, 1), (3, 700, 200, 2)] {
      let image = random.tensor([1, height, height, depth])
      let weights = random.tensor([outputs, kernel, kernel, depth])
      let bias = random.tensor([outputs])
      let operation = Conv2D(padding: Padding2D(top: 1, left: 0, bottom: 0, right: 1))
      let output = try operation.outputShapes([image.shape, weights.shape, bias.shape])[0]
      let expected = Definition.convolution(
        image, weights, bias, output: output, stride: .one, dilation: .one, padding: operation.padding, groups: 1)
      for threads in [1, 2, 5] {
        let actual = operation.evaluate([image, weights, bias], on: Workers(count: threads))[0]
        #expect(relativeError(actual, expected) < 1e-5)
      }
    }
  }

  @Test(arguments: 0..<30) func fullyConnectedEqualsDefinition(seed: Int) throws {
    var random = SeededGenerator(2000 + seed)
    let (rows, depth, outputs) = (random.size(1...9), random.size(1...700), random.size(1...90))
    let input = random.tensor([1, rows, depth])
    let weights = random.tensor([outputs, depth])
    let bias = random.tensor([outputs])
    let actual = FullyConnected().evaluate([input, weights, bias], on: Workers(count: 2))[0]
    let expected = Tensor(shape: [1, rows, outputs]) { place in
      Float(
        (0..<depth).reduce(Double(bias.values[place[2]])) {
          $0 + Double(input[0, place[1], $1]) * Double(weights[place[2], $1])
        })
    }
    #expect(relativeError(actual, expected) < 1e-5)
    #expect(try FullyConnected().outputShapes([input.shape, weights.shape, bias.shape]) == [expected.shape])
  }

  @Test(arguments: 0..<60) func macsCountTapsInsideTheImage(seed: Int) throws {
    var random = SeededGenerator(3000 + seed)
    let problem = Problem(&random, channels: 2)
    let shapes = [problem.image, [3, problem.kernel.height, problem.kernel.width, 2], [3]]
    let operation = Conv2D(stride: problem.stride, dilation: problem.dilation, padding: problem.padding)
    let output = try operation.outputShapes(shapes)[0]
    let ones = shapes.map { Tensor(shape: $0, repeating: 1) }
    let counted = Definition.convolution(
      ones[0], ones[1], Tensor(shape: [3]), output: output, stride: problem.stride, dilation: problem.dilation,
      padding: problem.padding, groups: 1)
    #expect(operation.macs(inputs: shapes, output: output) == Int(counted.values.reduce(0, +)))
    let depthwise = DepthwiseConv2D(stride: problem.stride, dilation: problem.dilation, padding: problem.padding)
    let depthwiseShapes = [problem.image, [problem.kernel.height, problem.kernel.width, 2], [2]]
    #expect(
      depthwise.macs(inputs: depthwiseShapes, output: output) * 3 == operation.macs(inputs: shapes, output: output))
  }

  @Test func emptyWindowsAndMisfitsAreRefused() {
    #expect(throws: GraphError.self) { try Conv2D().outputShapes([[1, 2, 2, 3], [4, 3, 3, 3], [4]]) }
    #expect(throws: GraphError.self) { try Conv2D(groups: 2).outputShapes([[1, 8, 8, 3], [4, 3, 3, 3], [4]]) }
    #expect(throws: GraphError.self) { try Conv2D().outputShapes([[1, 8, 8, 3], [4, 3, 3, 3], [5]]) }
    #expect(throws: GraphError.self) { try Conv2D().outputShapes([[8, 8, 3], [4, 3, 3, 3], [4]]) }
    #expect(throws: GraphError.self) {
      try Conv2D(stride: Size2D(0, 1)).outputShapes([[1, 8, 8, 3], [4, 3, 3, 3], [4]])
    }
    #expect(throws: GraphError.self) {
      try Conv2D(dilation: Size2D(.max, 1)).outputShapes([[1, 8, 8, 3], [4, 3, 3, 3], [4]])
    }
    #expect(throws: GraphError.self) { try FullyConnected().outputShapes([[1, 5], [3, 4], [3]]) }
    #expect(throws: GraphError.self) { try DepthwiseConv2D().outputShapes([[1, 5, 5, 2], [3, 3, 3], [2]]) }
  }
}
