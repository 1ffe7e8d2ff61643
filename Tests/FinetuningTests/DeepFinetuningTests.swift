import Compiler
import Foundation
import Graph
import Testing
import Training

@testable import Finetuning

/// Layers of a float network are trained, others stay bit for bit, and advice follows what was measured.
@Suite struct DeepFinetuningTests {
  private func pictures(_ count: Int, seed: UInt64) -> [(input: Tensor, label: Int)] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { index in
      let pixels = random.pixels(ofClass: index % 3)
      return (Tensor(shape: [1, 16, 16, 3], values: pixels.map { (Float($0) - 127) / 127 }), index % 3)
    }
  }

  /// Weights of a network's convolutions.
  private func constants(_ graph: Graph) -> [[Float]] {
    graph.nodes.filter { $0.operation is Conv2D }
      .map { graph[$0.inputs[1]].constant?.values ?? [] }
  }

  private func deep(
    _ backbone: Graph, beginning: (weights: [Float], biases: [Float])? = nil, _ options: DeepOptions
  ) throws -> DeepFinetuning {
    try DeepFinetuning(backbone, classNames: ["a", "b", "c"], beginning: beginning, options: options)
  }

  private func run(_ deep: DeepFinetuning, pictures: [(input: Tensor, label: Int)]) throws -> DeepRun {
    let training = try pictures.map { (input: try deep.prepared($0.input), label: $0.label) }
    return try DeepRun(deep, training: training, validation: [])
  }

  private func trained(_ deep: DeepFinetuning, pictures: [(input: Tensor, label: Int)]) throws -> DeepRun {
    var run = try run(deep, pictures: pictures)
    while !run.isDone { _ = try run.step() }
    return run
  }

  @Test(arguments: [0, 1, 2, nil])
  func trainsTheLastLayersAlone(layers: Int?) throws {
    let backbone = try TestBackbone().graph
    var options = DeepOptions()
    (options.layers, options.epochs, options.batch, options.rate) = (layers, 20, 6, 0.1)
    let deep = try deep(backbone, options)
    let run = try trained(deep, pictures: pictures(36, seed: 1))
    let (epochs, network) = (run.position.epochs, try deep.network(run.best))
    #expect(epochs.last?.accuracy ?? 0 > 0.6)
    #expect(epochs[1].loss > epochs[epochs.count - 1].loss)
    var original = backbone
    try simplify(&original, fusesResiduals: false)
    let changed = zip(constants(original), constants(network)).map { $0 != $1 }
    #expect(changed.count == 3)
    switch layers {
    case 0: #expect(changed == [false, false, false])
    case 1: #expect(changed == [false, false, true])
    case 2: #expect(changed == [false, true, true])
    default: #expect(changed == [true, true, true])
    }
    // The whole network says what the parts said.
    let picture = pictures(1, seed: 9)[0].input
    let probabilities = try Evaluator(network).run([picture])[0]
    #expect(probabilities.count == 3 && abs(probabilities.values.reduce(0, +) - 1) < 1e-4)
  }

  /// A classifier that is very sure of its mistakes must not make the layers before it diverge.
  @Test func longGradientsAreShortened() {
    var rates = DiscriminativeRates(StochasticGradientDescent(parameters: 2, momentum: 0), factors: [1, 0.5])
    var values: [[Float]] = [[0, 0], [0, 0]]
    for (number, gradient) in [[300, -400], [0.3, -0.4] as [Float]].enumerated() {
      rates.update(number, &values[number], gradient: gradient, decays: false, rate: 0.5)
    }
    #expect(zip(values.joined(), [-0.3, 0.4, -0.075, 0.1]).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func goesOnFromEveryStepToTheSameWeights() throws {
    var options = DeepOptions()
    (options.epochs, options.batch) = (2, 4)
    let deep = try deep(TestBackbone().graph, options)
    let pictures = pictures(12, seed: 2)
    let whole = try trained(deep, pictures: pictures)
    #expect(whole.stepsDone == 6 && whole.totalSteps == 6)
    for steps in 0...6 {
      var first = try run(deep, pictures: pictures)
      for _ in 0..<steps { _ = try first.step() }
      var second = try DeepRun(deep, training: pictures, validation: [], resuming: first.state)
      #expect(second.stepsDone == steps)
      while !second.isDone { _ = try second.step() }
      #expect(constants(try deep.network(second.best)) == constants(try deep.network(whole.best)))
      #expect(second.position == whole.position)
    }
  }

  @Test func refusesTheStateOfAnotherRun() throws {
    var options = DeepOptions()
    (options.epochs, options.batch) = (2, 4)
    let deep = try deep(TestBackbone().graph, options)
    let pictures = pictures(12, seed: 2)
    let state = try run(deep, pictures: pictures).state
    var damaged = [state, state, state, state]
    damaged[0].current[damaged[0].current.keys.min() ?? 0] = Tensor(shape: [1], values: [1])
    damaged[1].best[-5] = Tensor(shape: [1], values: [1])
    damaged[2].optimizer.moments = [:]
    let text = #"{"epochs":[{"epoch":0,"loss":0,"accuracy":1}],"best":0,"step":3,"loss":0}"#
    damaged[3].position = try JSONDecoder().decode(DeepPosition.self, from: Data(text.utf8))
    for state in damaged {
      #expect(throws: (any Error).self) {
        try DeepRun(deep, training: pictures, validation: [], resuming: state)
      }
    }
  }

  @Test func beginsWithATrainedHead() throws {
    let beginning = (weights: (0..<72).map { Float($0 % 7) }, biases: [Float](repeating: 0.5, count: 3))
    var options = DeepOptions()
    (options.layers, options.epochs, options.rate) = (0, 1, 1e-12)
    let deep = try deep(TestBackbone().graph, beginning: beginning, options)
    let network = try deep.network(trained(deep, pictures: pictures(16, seed: 3)).best)
    let classifier = network.nodes.first { $0.operation is FullyConnected }
    let weights = classifier.flatMap { network[$0.inputs[1]].constant?.values } ?? []
    #expect(zip(weights, beginning.weights).allSatisfy { abs($0 - $1) < 1e-4 } && weights.count == 72)
  }

  /// After quantization-aware training, the packed network gives the very values that training computed, and layers that stay
  /// have the weights that rounding alone gives.
  @Test(arguments: [1, nil]) func packsWhatQuantizationAwareTrainingSimulates(layers: Int?) throws {
    var options = DeepOptions()
    (options.layers, options.epochs, options.batch, options.rate) = (layers, 8, 6, 0.1)
    let backbone = try TestBackbone().graph
    let pictures = pictures(24, seed: 4)
    let float = try deep(backbone, options)
    let first = try trained(float, pictures: pictures)
    var fine = options
    (fine.epochs, fine.rate) = (3, 0.01)
    let packing = CompileOptions()
    let aware = try float.quantizing(
      first.best, calibration: CalibrationData(pictures.map(\.input)), packing, fine)
    let before = try aware.network(run(aware, pictures: pictures).best)
    let second = try trained(aware, pictures: pictures)
    let after = try aware.network(second.best)
    #expect(second.position.best > 0)
    let changed = zip(constants(before), constants(after)).map { $0 != $1 }
    #expect(changed == (layers == 1 ? [false, false, true] : [true, true, true]))

    _ = try ModelRunner(compileQuantized(after, options: packing).bytes)
    // Softmax may give two classes the same byte: scores are compared.
    var scoring = after
    scoring.outputs = scoring.nodes.last?.inputs ?? []
    let (packed, simulated) = (
      try ModelRunner(compileQuantized(scoring, options: packing).bytes),
      try Evaluator(scoring.simulatingQuantization())
    )
    var right = 0
    for picture in pictures {
      let scores = try packed.run([picture.input])[0].values
      #expect(try simulated.run([picture.input])[0].values == scores)
      if scores.firstIndex(of: scores.max() ?? 0) == picture.label { right += 1 }
    }
    #expect(Double(right) / 24 == second.position.epochs[second.position.best].accuracy)
  }

  @Test func refusesWhatIsNoClassifier() {
    var graph = Graph(name: "segmenter")
    graph.outputs = [graph.addInput("input", shape: [1, 8, 8, 3])]
    #expect(throws: (any Error).self) {
      try DeepFinetuning(graph, classNames: ["a", "b"], beginning: nil, options: DeepOptions())
    }
  }

  @Test(arguments: [
    (20, 0.95, 0.9, Advice.Rule.head), (20, 0.7, 0.8, .earlierHead), (20, 0.7, 0.6, .head),
    (500, 0.95, 0.9, .lastLayers), (500, 0.7, 0.6, .allLayers), (500, 0.9, 0.95, .allLayers),
  ])
  func adviceFollowsTheMeasures(pictures: Int, last: Double, earlier: Double, rule: Advice.Rule) {
    let advice = Advice(
      .init(
        fewestPictures: pictures, lastAccuracy: last, earlierAccuracy: earlier, lastName: "last", earlierName: "middle")
    )
    #expect(advice.rule == rule)
    #expect(advice.reasons.contains { $0.contains("\(pictures) pictures") })
  }
}
