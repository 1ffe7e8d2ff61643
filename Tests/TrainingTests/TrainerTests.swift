import Architectures
import Graph
import Testing

@testable import Training

@Suite struct TrainerTests {
  /// Two classes of noisy 8×8 pictures: a bright upper or a bright lower half.
  private func batch(_ size: Int, seed: inout UInt64) -> (Tensor, [Int]) {
    var (values, labels): ([Float], [Int]) = ([], [])
    for index in 0..<size {
      labels.append(index % 2)
      for pixel in 0..<64 {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let noise = Float(seed >> 40) / 16_777_216 - 0.5
        values.append(noise + ((pixel < 32) == (index % 2 == 0) ? 0.5 : -0.5))
      }
    }
    return (Tensor(shape: [size, 8, 8, 1], values: values), labels)
  }

  private func network() throws -> Graph {
    var graph = Graph(name: "small")
    let input = graph.addInput("input", shape: [1, 8, 8, 1])
    let weights = graph.addConstant("w", Tensor(shape: [4, 3, 3, 1], values: (0..<36).map { Float($0 % 7 - 3) / 8 }))
    let bias = graph.addConstant("b", Tensor(shape: [4]))
    var x = try graph.apply(Conv2D(stride: Size2D(2, 2)), input, weights, bias, name: "convolution")
    let ones = graph.addConstant("scale", Tensor(shape: [4], repeating: 1))
    let zeros = graph.addConstant("shift", Tensor(shape: [4]))
    let mean = graph.addConstant("mean", Tensor(shape: [4]))
    let variance = graph.addConstant("variance", Tensor(shape: [4], repeating: 1))
    x = try graph.apply(BatchNormalization(epsilon: 1e-5), x, ones, zeros, mean, variance, name: "normalization")
    x = try graph.apply(Activation(.relu), x, name: "relu")
    x = try graph.apply(Reshape(shape: [1, 36]), x, name: "flatten")
    let matrix = graph.addConstant("m", Tensor(shape: [2, 36], values: (0..<72).map { Float($0 % 5 - 2) / 16 }))
    let offset = graph.addConstant("o", Tensor(shape: [2]))
    graph.outputs = [try graph.apply(FullyConnected(), x, matrix, offset, name: "logits")]
    return graph
  }

  private func train(
    threads: Int, steps: Int = 60, rate: Float, _ optimizer: (Int) -> any Optimizer
  ) throws -> (losses: [Double], network: Graph) {
    var trainer = try Trainer(network(), batchSize: 16, workers: Workers(count: threads), optimizer: optimizer)
    var seed: UInt64 = 1
    var losses: [Double] = []
    for _ in 0..<steps {
      let (images, labels) = batch(16, seed: &seed)
      losses.append(try trainer.step(images, labels: labels, rate: rate).loss)
    }
    return (losses, trainer.network)
  }

  @Test func learns() throws {
    let descent = try train(threads: 2, rate: 0.05) { StochasticGradientDescent(parameters: $0, weightDecay: 1e-4) }
    #expect(descent.losses[0] > 0.4 && descent.losses.suffix(5).allSatisfy { $0 < 0.05 })
    let adam = try train(threads: 2, rate: 0.01) { Adam(parameters: $0, weightDecay: 1e-2, isDecoupled: true) }
    #expect(adam.losses.suffix(5).allSatisfy { $0 < 0.05 })
  }

  /// The trained network, evaluated by its running statistics, knows new pictures.
  @Test func leavesANetworkThatAnswers() throws {
    let network = try train(threads: 2, rate: 0.05) { StochasticGradientDescent(parameters: $0) }.network
    var seed: UInt64 = 99
    let (images, labels) = batch(50, seed: &seed)
    let evaluator = Evaluator(network)
    let answers = try (0..<50).map { index in
      let image = Tensor(shape: [1, 8, 8, 1], values: Array(images.values[index * 64..<(index + 1) * 64]))
      let logits = try evaluator.run([image])[0].values
      return logits[1] > logits[0] ? 1 : 0
    }
    #expect(answers == labels)
    #expect(network.inputs.map { network[$0].shape } == [[1, 8, 8, 1]])
  }

  /// The second output's loss counts by its weight: a tenth of it moves its own layer a tenth as far.
  @Test func weighsAuxiliaryClassifiers() throws {
    func moved(_ weight: Float) throws -> (loss: Double, head: Float, auxiliary: Float) {
      var graph = try network()
      let matrix = graph.addConstant("a", Tensor(shape: [2, 36], repeating: 0.01))
      let offset = graph.addConstant("ao", Tensor(shape: [2]))
      let flat = try #require(graph.nodes.first { $0.name == "flatten" }).outputs[0]
      graph.outputs.append(try graph.apply(FullyConnected(), flat, matrix, offset, name: "auxiliary"))
      var trainer = try Trainer(graph, batchSize: 4) { StochasticGradientDescent(parameters: $0, momentum: 0) }
      trainer.auxiliaryWeight = weight
      var seed: UInt64 = 1
      let (images, labels) = batch(4, seed: &seed)
      let step = try trainer.step(images, labels: labels, rate: 1)
      func change(_ name: String) -> Float {
        let id = graph.nodes.first { $0.name == name }!.inputs[1]
        return trainer.network[id].constant!.values[0] - graph[id].constant!.values[0]
      }
      return (step.loss, change("logits"), change("auxiliary"))
    }
    let (none, tenth, whole) = (try moved(0), try moved(0.1), try moved(1))
    #expect(none.auxiliary == 0 && none.head == whole.head && whole.auxiliary != 0)
    #expect(abs(tenth.auxiliary / whole.auxiliary - 0.1) < 1e-4)
    #expect(abs((tenth.loss - none.loss) / (whole.loss - none.loss) - 0.1) < 1e-4)
  }

  /// A multiplication that is part of the structure stays one in training.
  @Test func keepsFixedFactors() throws {
    var graph = Graph(name: "scaled")
    let input = graph.addInput("input", shape: [1, 2, 2, 2])
    let constants = [Float(0.25), 0, 0, 1].enumerated().map { number, value in
      graph.addConstant("c\(number) (fixed)", Tensor(shape: [2], repeating: value))
    }
    let x = try graph.append(BatchNormalization(epsilon: 0), [input] + constants, name: "scale")[0]
    let matrix = graph.addConstant("m", Tensor(shape: [2, 8], repeating: 0.5))
    let flat = try graph.apply(Reshape(shape: [1, 8]), x, name: "flatten")
    let bias = graph.addConstant("b", Tensor(shape: [2]))
    graph.outputs = [try graph.apply(FullyConnected(), flat, matrix, bias, name: "logits")]
    let trained = try Differentiator(graph.batched(2), parameters: [matrix])
    let pass = try trained.run([Tensor(shape: [2, 2, 2, 2], repeating: 3)]) {
      [Tensor(shape: $0[0].shape, repeating: 1)]
    }
    #expect(pass.outputs[0].values == [3, 3, 3, 3] && pass.statistics.isEmpty)
  }

  @Test func isRepeatable() throws {
    let runs = try [1, 2, 3].map { threads in
      try train(threads: threads, steps: 5, rate: 0.05) { StochasticGradientDescent(parameters: $0) }.losses
    }
    #expect(runs[0] == runs[1] && runs[0] == runs[2])
  }

  @Test func trainsEveryLayerOfClassicNetworks() throws {
    for name in ["lenet-5", "resnet-20", "mobilenet-v2", "squeezenet-1.1", "shufflenet-v1", "googlenet"] {
      let architecture = try Architectures.named(name)
      let graph = try architecture.build(ArchitectureOptions(weights: .absent))
      #expect(throws: Never.self) { try Differentiator(graph.batched(4), parameters: graph.parameters.map(\.id)) }
    }
  }

  @Test func namesALayerThatCannotBeTrained() throws {
    var graph = Graph(name: "odd")
    let input = graph.addInput("input", shape: [1, 4])
    let matrix = graph.addConstant("m", Tensor(shape: [4, 4]))
    let offset = graph.addConstant("o", Tensor(shape: [4]))
    let x = try graph.apply(FullyConnected(), input, matrix, offset, name: "first")
    graph.outputs = [try graph.apply(Activation(.floor), x, name: "rounding")]
    let error = #expect(throws: GraphError.self) { try Differentiator(graph, parameters: [matrix]) }
    #expect(error?.description.contains("rounding") == true)
  }

  @Test func lowersTheRate() {
    let rate = LearningRate(peak: 1, warmUpSteps: 10, schedule: .cosine)
    #expect(rate.rate(step: 0, of: 110) == 0.1 && rate.rate(step: 9, of: 110) == 1)
    #expect(rate.rate(step: 10, of: 110) == 1 && abs(rate.rate(step: 60, of: 110) - 0.5) < 1e-6)
    let stairs = LearningRate(peak: 1, schedule: .step(at: [0.5, 0.75], factor: 0.1))
    #expect(stairs.rate(step: 49, of: 100) == 1 && abs(stairs.rate(step: 50, of: 100) - 0.1) < 1e-7)
    #expect(abs(stairs.rate(step: 99, of: 100) - 0.01) < 1e-8)
  }

  @Test func smoothsLabels() {
    let plain = CrossEntropy()(Tensor(shape: [1, 4], values: [2, 0, 0, 0]), labels: [0])
    #expect(abs(plain.loss - 0.340_753) < 1e-5 && plain.correct == 1)
    #expect(abs(plain.gradient.values.reduce(0, +)) < 1e-6 && plain.gradient.values[0] < 0)
    let smooth = CrossEntropy(labelSmoothing: 0.4)(Tensor(shape: [1, 4], values: [2, 0, 0, 0]), labels: [0])
    #expect(abs(smooth.loss - (0.340_753 + 0.3 * 2)) < 1e-5)
  }
}
