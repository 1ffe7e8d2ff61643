import Architectures
import Compiler
import Graph
import Testing

@testable import Training

/// What quantization-aware training simulates is what the packed network computes, value for value.
@Suite struct QuantizationAwareTests {
  private struct Random {
    var bits: SplitMix64
    init(_ seed: UInt64) { bits = SplitMix64(seed: seed) }
    mutating func tensor(_ shape: [Int], _ size: Float) -> Tensor {
      Tensor(
        shape: shape,
        values: (0..<shape.reduce(1, *)).map { _ in (Float(bits.next() >> 40) / 8_388_608 - 1) * size })
    }
  }

  /// Convolutions dense, grouped and depthwise, with and without residual, clamps, means, sums, products, tables,
  /// concatenations, a normalization that nothing takes in, and a classifier.
  private func network(_ random: inout Random) throws -> Graph {
    var graph = Graph(name: "mixed")
    let input = graph.addInput("input", shape: [1, 9, 9, 3])
    func convolution(
      _ operation: some Operator, _ x: ValueID, _ shape: [Int], _ channels: Int, _ name: String
    ) throws -> ValueID {
      let size = 1.5 / Float(shape.dropFirst().reduce(1, *)).squareRoot()
      let weights = graph.addConstant("\(name).w", random.tensor(shape, size))
      let bias = graph.addConstant("\(name).b", random.tensor([channels], 0.3))
      return try graph.apply(operation, x, weights, bias, name: name)
    }
    let same = Padding2D(top: 1, left: 1, bottom: 1, right: 1)
    var x = try convolution(Conv2D(padding: same), input, [8, 3, 3, 3], 8, "first")
    x = try graph.apply(Activation(.relu), x, name: "relu")
    let normalized = try graph.append(
      BatchNormalization(epsilon: 1e-3),
      [x] + ["scale", "shift", "mean"].map { graph.addConstant($0, random.tensor([8], 0.8)) }
        + [graph.addConstant("variance", Tensor(shape: [8], repeating: 0.7))], name: "normalization")[0]
    let swish = try graph.apply(Activation(.swish), normalized, name: "swish")
    let deep = try convolution(DepthwiseConv2D(padding: same), swish, [3, 3, 8], 8, "depthwise")
    let gate = try graph.apply(Activation(.sigmoid), deep, name: "sigmoid")
    let gated = try graph.apply(Multiply(), normalized, gate, name: "gated")
    let grouped = try convolution(Conv2D(padding: same, groups: 2), gated, [8, 3, 3, 4], 8, "grouped")
    let sum = try graph.apply(Add(), grouped, x, name: "residual")
    let six = try graph.apply(Activation(.clip(low: 0, high: 1.5)), sum, name: "relu6")
    let other = try graph.apply(Add(), six, swish, name: "sum")
    let pooled = try graph.apply(
      AveragePool2D(window: Size2D(3, 3), stride: Size2D(2, 2), padding: same), other, name: "mean")
    let largest = try graph.apply(
      MaxPool2D(window: Size2D(3, 3), stride: Size2D(2, 2), padding: same), six, name: "largest")
    let both = try graph.append(Concat(axis: 3), [pooled, largest], name: "both")[0]
    let flat = try graph.apply(Reshape(shape: [1, 400]), both, name: "flatten")
    graph.outputs = [try convolution(FullyConnected(), flat, [5, 400], 5, "logits")]
    return graph
  }

  private func expectSame(
    _ quantized: Graph, _ simulation: Graph, _ inputs: [Tensor], _ place: SourceLocation = #_sourceLocation
  ) throws {
    let packed = try compileQuantized(quantized.quantized(withWeightsOf: simulation))
    let runner = try ModelRunner(packed.bytes)
    let evaluator = Evaluator(simulation)
    var different: Set<[Float]> = []
    for input in inputs {
      let (simulated, real) = (try evaluator.run([input])[0].values, try runner.run([input])[0].values)
      #expect(simulated == real, sourceLocation: place)
      different.insert(simulated)
    }
    #expect(different.count > inputs.count / 2, sourceLocation: place)
  }

  @Test func simulatesEveryKindOfLayer() throws {
    for seed in 1...4 {
      var random = Random(UInt64(seed))
      let graph = try network(&random)
      let examples = (0..<6).map { _ in random.tensor([1, 9, 9, 3], 1) }
      let quantized = try quantizeForTraining(graph, calibration: CalibrationData(examples))
      let kinds = quantized.nodes.map(\.operation.kind)
      for kind in ["BatchNormalization", "Multiply", "Add", "Concat", "AveragePool2D", "MaxPool2D", "DepthwiseConv2D"] {
        #expect(kinds.contains(kind))
      }
      #expect(quantized.nodes.contains { ($0.operation as? Conv2D)?.hasResidual == true })
      // Some inputs beyond the range of calibration.
      try expectSame(
        quantized, quantized.simulatingQuantization(),
        examples + (0..<20).map { _ in random.tensor([1, 9, 9, 3], 1.5) })
    }
  }

  /// After training, too, and after the ranges were measured again; the weights have moved by more than rounding.
  @Test func trainsWhatIsPacked() throws {
    var random = Random(9)
    let examples = (0..<8).map { _ in random.tensor([1, 9, 9, 3], 1) }
    var quantized = try quantizeForTraining(network(&random), calibration: CalibrationData(examples))
    let before = try quantized.quantized(withWeightsOf: quantized.simulatingQuantization())
    for _ in 0..<2 {
      var trainer = try Trainer(quantized.simulatingQuantization(), batchSize: 8) {
        StochasticGradientDescent(parameters: $0)
      }
      let images = Tensor(shape: [8, 9, 9, 3], values: examples.flatMap(\.values))
      let losses = try (0..<12).map { _ in
        try trainer.step(images, labels: [0, 1, 2, 3, 4, 0, 1, 2], rate: 0.02).loss
      }
      #expect(losses[11] < losses[0])
      try expectSame(quantized, trainer.network, examples)
      quantized = try quantized.quantized(withWeightsOf: trainer.network)
      quantized = try quantizeForTraining(quantized, calibration: CalibrationData(examples), isSimplified: true)
    }
    let after = try quantized.quantized(withWeightsOf: quantized.simulatingQuantization())
    for node in before.nodes where node.operation is Conv2D {
      let weights = [before, after].map { $0[node.inputs[1]].quantizedWeights?.values ?? [] }
      #expect(!weights[0].isEmpty && weights[0] != weights[1], "\(node.name)")
    }
  }

  /// Gradients are those at the rounded weights, and none where the activation clamps.
  @Test func gradientsPassRounding() throws {
    var graph = Graph(name: "one")
    let input = graph.addInput("input", shape: [1, 1, 1, 2])
    let weights = graph.addConstant("w", Tensor(shape: [2, 1, 1, 2], values: [1, 0.3, 0.5, -1]))
    let bias = graph.addConstant("b", Tensor(shape: [2], values: [0.1, -0.2]))
    let x = try graph.apply(Conv2D(), input, weights, bias, name: "convolution")
    graph.outputs = [try graph.apply(Activation(.relu), x, name: "relu")]
    let example = Tensor(shape: [1, 1, 1, 2], values: [0.7, 0.9])
    let quantized = try quantizeForTraining(graph, calibration: CalibrationData([example]))
    let simulation = try quantized.simulatingQuantization()
    let ids = Array(simulation.nodes[0].inputs.dropFirst())
    let pass = try Differentiator(simulation, parameters: ids).run([example]) { outputs in
      [Tensor(shape: outputs[0].shape, values: [2, 3])]
    }
    // The second output is below 0.
    #expect(pass.outputs[0].values[1] == 0 && abs(pass.outputs[0].values[0] - 1.07) < 0.01)
    #expect(pass.gradients[ids[1]]?.values == [2, 0])
    let rule = try #require(quantized[quantized.inputs[0]].quantization)
    let rounded = example.values.map { 2 * rule.real(rule.quantize($0)) }
    #expect(pass.gradients[ids[0]]?.values == rounded + [0, 0])
    #expect(rounded != example.values.map { 2 * $0 })
  }

  @Test func namesWhatItCannotSimulate() throws {
    var random = Random(3)
    let graph = try network(&random)
    #expect(throws: GraphError.self) { try graph.simulatingQuantization() }
  }
}
