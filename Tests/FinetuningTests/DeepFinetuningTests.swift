import Compiler
import Finetuning
import Graph
import Testing

/// Layers of a float network are trained, others stay bit for bit, and advice follows what was measured.
@Suite struct DeepFinetuningTests {
  private func pictures(_ count: Int, seed: UInt64) -> [(input: Tensor, label: Int)] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { index in
      let pixels = random.pixels(ofClass: index % 3)
      return (Tensor(shape: [1, 16, 16, 3], values: pixels.map { (Float($0) - 127) / 127 }), index % 3)
    }
  }

  /// Constants of a network by name, the new classifier's left out.
  private func constants(_ graph: Graph) -> [[Float]] {
    graph.nodes.filter { $0.operation is Conv2D }.map { graph[$0.inputs[1]].constant?.values ?? [] }
  }

  @Test(arguments: [0, 1, 2, nil])
  func trainsTheLastLayersAlone(layers: Int?) throws {
    let backbone = try TestBackbone().graph
    var options = DeepOptions()
    (options.layers, options.epochs, options.batch, options.rate) = (layers, 20, 6, 0.1)
    var deep = try DeepFinetuning(backbone, classNames: ["a", "b", "c"], beginning: nil, options: options)
    let training = try pictures(36, seed: 1).map { (input: try deep.prepared($0.input), label: $0.label) }
    let (epochs, network) = try deep.train(training, [])
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

  @Test func isRepeatable() throws {
    func weights() throws -> [[Float]] {
      var options = DeepOptions()
      (options.epochs, options.batch) = (2, 4)
      var deep = try DeepFinetuning(
        TestBackbone().graph, classNames: ["a", "b", "c"], beginning: nil, options: options)
      return constants(try deep.train(pictures(12, seed: 2), []).network)
    }
    #expect(try weights() == weights())
  }

  @Test func beginsWithATrainedHead() throws {
    let beginning = (weights: (0..<72).map { Float($0 % 7) }, biases: [Float](repeating: 0.5, count: 3))
    var options = DeepOptions()
    (options.layers, options.epochs, options.rate) = (0, 1, 1e-12)
    var deep = try DeepFinetuning(
      TestBackbone().graph, classNames: ["a", "b", "c"], beginning: beginning, options: options)
    let training = try pictures(16, seed: 3).map { (input: try deep.prepared($0.input), label: $0.label) }
    let network = try deep.train(training, []).network
    let classifier = network.nodes.first { $0.operation is FullyConnected }
    let weights = classifier.flatMap { network[$0.inputs[1]].constant?.values } ?? []
    #expect(zip(weights, beginning.weights).allSatisfy { abs($0 - $1) < 1e-4 } && weights.count == 72)
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
