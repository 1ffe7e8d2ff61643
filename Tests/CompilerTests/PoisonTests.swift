import Graph
import Testing

@testable import Compiler

/// Layers with zero, tiny, huge, infinite or undefined numbers: the rest of the network must not suffer, and what cannot
/// work must be named.
struct PoisonTests {
  /// A convolution with four channels of which the last is changed by `change`; the first three must stay exact.
  private func expectOthersUnharmed(
    inputScale: Float = 1, _ change: (_ weights: inout [Float], _ bias: inout Float) -> Void
  ) throws {
    var network = TestNetwork(1)
    let x = network.input([1, 5, 5, 3])
    var weights = network.tensor([4, 3, 3, 3], scale: 0.2)
    var bias = network.tensor([4], scale: 0.1)
    var last = Array(weights.values[81...])
    change(&last, &bias.values[3])
    weights.values.replaceSubrange(81..., with: last)
    let y = try network.apply(
      Conv2D(padding: Padding2D(top: 1, left: 1, bottom: 1, right: 1)), x,
      network.graph.addConstant("weights", weights), network.graph.addConstant("bias", bias))
    // Outputs of their own, so that each part has its own range.
    let good = try network.apply(Slice(begin: [0, 0, 0, 0], size: [1, 5, 5, 3], step: [1, 1, 1, 1]), y)
    network.graph.outputs = [try network.apply(Activation(.sigmoid), good), y]
    let examples = (0..<4).map { _ in
      let tensor = network.inputs()[0]
      return Tensor(shape: tensor.shape, values: tensor.values.map { $0 * inputScale })
    }
    let model = try compile(network.graph, calibration: CalibrationData(examples))
    let runner = try ModelRunner(model.bytes)
    let expected = try network.graph.evaluate(inputs: [examples[0]])
    let found = try runner.run([examples[0]])
    let largest = expected[1].values.map { abs($0) }.max()!
    for (a, b) in zip(expected[1].values, found[1].values) { #expect(abs(a - b) <= largest * 0.02 + 1e-30) }
  }

  @Test func zeroWeights() throws {
    try expectOthersUnharmed { weights, _ in weights = weights.map { _ in 0 } }
  }

  @Test func zeroWeightsAndBias() throws {
    try expectOthersUnharmed { weights, bias in
      weights = weights.map { _ in 0 }
      bias = 0
    }
  }

  @Test func tinyWeightsBesideALargeBias() throws {
    try expectOthersUnharmed { weights, bias in
      weights = weights.map { $0 * 1e-30 }
      bias = 3
    }
  }

  @Test func subnormalWeights() throws {
    try expectOthersUnharmed { weights, _ in weights = weights.map { $0 * 1e-19 * 1e-20 } }
  }

  @Test(arguments: [Float(1e-30), 1e-10, 1e10, 1e25]) func extremeInputs(scale: Float) throws {
    try expectOthersUnharmed(inputScale: scale) { _, _ in }
  }

  @Test func hugeWeights() throws {
    try expectOthersUnharmed { weights, _ in weights = weights.map { $0 * 1e30 } }
  }

  @Test(arguments: [Float.infinity, -.infinity, .nan]) func infiniteWeightsNameTheLayer(value: Float) throws {
    let error = #expect(throws: GraphError.self) {
      try expectOthersUnharmed { weights, _ in weights[4] = value }
    }
    #expect(error?.description.contains("conv2d1") == true)
  }

  @Test func aNetworkOfZeros() throws {
    var network = TestNetwork(2)
    let x = network.input([1, 4, 4, 2])
    let y = try network.apply(
      Conv2D(), x, network.graph.addConstant("w", Tensor(shape: [3, 1, 1, 2])),
      network.graph.addConstant("b", Tensor(shape: [3])))
    network.graph.outputs = [try network.conv(try network.apply(Activation(.relu), y), to: 2)]
    let model = try compile(network.graph, calibration: CalibrationData([Tensor(shape: [1, 4, 4, 2])]))
    #expect(model.report.agreement.largestError < 0.05)
  }

  @Test func noExamples() throws {
    var network = TestNetwork(3)
    network.graph.outputs = [try network.conv(network.input([1, 4, 4, 2]), to: 2)]
    let error = #expect(throws: GraphError.self) { try compile(network.graph, calibration: CalibrationData([])) }
    #expect(error?.description.contains("calibration") == true)
  }

  @Test func examplesOfAnotherShape() throws {
    var network = TestNetwork(3)
    network.graph.outputs = [try network.conv(network.input([1, 4, 4, 2]), to: 2)]
    #expect(throws: GraphError.self) {
      try compile(network.graph, calibration: CalibrationData([Tensor(shape: [1, 4, 5, 2])]))
    }
  }

  @Test func everyLayerWithoutAnInt8FormIsNamedAtOnce() throws {
    var network = TestNetwork(4)
    let x = network.input([1, 4, 4, 2])
    let a = try network.apply(Slice(begin: [0, 3, 0, 0], size: [1, 4, 4, 2], step: [1, -1, 1, 1]), x)
    let b = try network.apply(Add(), a, network.constant([1, 4, 4, 2]))
    network.graph.outputs = [try network.conv(b, to: 2)]
    let error = #expect(throws: GraphError.self) { try compile(network.graph, calibration: network.examples(2)) }
    #expect(error?.description.contains("slice1") == true)
    #expect(error?.description.contains("add2") == true)
  }
}
