import Graph
import Testing

import enum Martlet.AddInt16
import enum Martlet.Conv2DInt16
import enum Martlet.FullyConnectedInt4

@testable import Compiler

/// Networks of which it is known which layers need how many bits.
struct WidthSearchTests {
  private static func evaluation(_ network: inout TestNetwork, count: Int) -> EvaluationData {
    EvaluationData(network.examples(count))
  }

  /// Fine differences of channels on top of a large signal that all share: eight bits of their sum keep the signal alone,
  /// which the last layer takes away again.
  private static func needingSixteenBits() throws -> TestNetwork {
    var network = TestNetwork(4)
    let x = network.input([1, 2, 2, 8])
    let fine = try network.conv(x, to: 8, kernel: 1, padding: 0)
    let row = network.tensor([8], scale: 200).values
    let large = try network.apply(
      Conv2D(), x,
      network.graph.addConstant("large", Tensor(shape: [8, 1, 1, 8], values: (0..<8).flatMap { _ in row })),
      network.graph.addConstant("zeros", Tensor(shape: [8])))
    let sum = try network.apply(Add(), fine, large)
    var differences = [Float](repeating: 0, count: 32)
    for pair in 0..<4 { (differences[10 * pair], differences[10 * pair + 1]) = (1, -1) }
    let difference = try network.apply(
      Conv2D(), sum, network.graph.addConstant("pairs", Tensor(shape: [4, 1, 1, 8], values: differences)),
      network.graph.addConstant("zeros", Tensor(shape: [4])))
    let mean = try network.apply(AveragePool2D(window: Size2D(2, 2)), difference)
    network.graph.outputs = [try network.apply(Reshape(shape: [1, 4]), mean)]
    return network
  }

  @Test func aLayerThatNeedsSixteenBitsGetsThem() throws {
    var network = try Self.needingSixteenBits()
    let evaluation = Self.evaluation(&network, count: 120)
    let (model, search) = try compile(
      network.graph, calibration: network.examples(16), budget: .drop(points: 7, evaluation),
      workers: Workers(count: 1))
    #expect(search.int8Drop.points > 15)
    #expect(search.searchedDrop.points <= 7 && search.heldBackDrop.points <= 7)
    #expect(search.int8Drop.examples == 120 && search.heldBackDrop.examples == 60 && !search.isLabelled)
    #expect(search.layers.last?.width == .int16 && search.layers[1].width == .int4)
    let runner = try ModelRunner(model.bytes)
    let codes = (0..<runner.model.operatorCount).map { runner.model.operatorRecord($0).code }
    #expect(codes.contains(AddInt16.code) && codes.contains(Conv2DInt16.code))
  }

  /// A layer whose weights are multiples of a seventh, and one whose rows differ by less than a step of four bits.
  private static func needingEightBits() throws -> TestNetwork {
    var network = TestNetwork(6)
    let x = network.input([1, 24])
    let sevenths = (0..<32 * 24).map { (place: Int) -> Int in place % 24 == 0 ? 7 : place * 11 % 15 - 7 }
    let coarse = Tensor(shape: [32, 24], values: sevenths.map { Float($0) / 35 })
    var y = try network.apply(
      FullyConnected(), x, network.graph.addConstant("coarse", coarse), network.constant([32], scale: 0.1))
    y = try network.apply(Activation(.relu), y)
    let row = network.tensor([32]).values
    let own = network.tensor([6, 32], scale: 0.2).values
    let fine = Tensor(shape: [6, 32], values: own.indices.map { row[$0 % 32] + own[$0] })
    y = try network.apply(
      FullyConnected(), y, network.graph.addConstant("fine", fine), network.constant([6], scale: 0.01))
    network.graph.outputs = [y]
    return network
  }

  @Test func fourBitsGoWhereTheyDoNoHarm() throws {
    var network = try Self.needingEightBits()
    let evaluation = Self.evaluation(&network, count: 200)
    let calibration = network.examples(16)
    let budget = WidthBudget.drop(points: 12, evaluation)
    let (model, search) = try compile(
      network.graph, calibration: calibration, budget: budget, workers: Workers(count: 1))
    #expect(search.layers.map(\.width) == [.int4, .int8])
    #expect((search.layers[0].int4Noise ?? 1) < 0.5 * (search.layers[1].int4Noise ?? 0))
    #expect(search.trials > 4)

    // What was measured is what the file does.
    let runner = try ModelRunner(model.bytes)
    #expect(runner.model.operatorRecord(0).code == FullyConnectedInt4.code)
    var right = 0
    for example in stride(from: 1, to: 200, by: 2) {
      let inputs = try evaluation.inputs.inputs(example)
      let expected = try network.graph.evaluate(inputs: inputs)[0].indexOfLargest
      if try runner.run(inputs)[0].indexOfLargest == expected { right += 1 }
    }
    #expect(search.heldBackDrop.packedRight == right)

    let again = try compile(
      network.graph, calibration: calibration, budget: budget, workers: Workers(count: 2))
    #expect(again.model.bytes == model.bytes)
    var options = CompileOptions()
    options.weights = .int4Layers([search.layers[0].name])
    #expect(try compile(network.graph, calibration: calibration, options: options).bytes == model.bytes)
  }

  @Test func noiseIsABudgetToo() throws {
    var network = try Self.needingEightBits()
    let calibration = network.examples(24)
    func widths(_ decibels: Double) throws -> [LayerWidth] {
      try compile(
        network.graph, calibration: calibration, budget: .noise(decibels: decibels, calibration),
        workers: Workers(count: 1)
      ).search.layers.map(\.width)
    }
    #expect(try widths(3) == [.int4, .int8])
    #expect(try widths(-1) == [.int8, .int8])
    #expect(try widths(60) == [.int4, .int4])
  }

  /// Labels decide where there are some: here none of the answers is right, so that nothing can be lost.
  @Test func labelsDecide() throws {
    var network = try Self.needingEightBits()
    let inputs = network.examples(20)
    let wrong = try (0..<20).map { (try network.graph.evaluate(inputs: inputs.inputs($0))[0].indexOfLargest + 1) % 6 }
    let (_, search) = try compile(
      network.graph, calibration: inputs, budget: .drop(points: 0, EvaluationData(inputs, labels: wrong)),
      workers: Workers(count: 1))
    #expect(search.isLabelled && search.int8Drop.floatRight == 0)
    #expect(search.layers.map(\.width) == [.int4, .int4])
  }

  @Test func impossibleBudgetsAreRefused() throws {
    var network = try Self.needingEightBits()
    let examples = network.examples(10)
    #expect(throws: GraphError.self) {
      _ = try compile(network.graph, calibration: examples, budget: .drop(points: -1, EvaluationData(examples)))
    }
    let one = network.examples(1)
    #expect(throws: GraphError.self) {
      _ = try compile(network.graph, calibration: examples, budget: .drop(points: 1, EvaluationData(one)))
    }
    var places = TestNetwork(2)
    places.graph.outputs = [try places.conv(places.input([1, 4, 4, 3]), to: 2)]
    let pictures = places.examples(4)
    #expect(throws: GraphError.self) {
      _ = try compile(places.graph, calibration: pictures, budget: .drop(points: 1, EvaluationData(pictures)))
    }
  }

  @Test func dropsHaveAnError() {
    var drop = AccuracyDrop()
    for index in 0..<100 { drop.add(float: index < 80, packed: index < 75 || index >= 97) }
    #expect(drop.points == 2)
    #expect(abs(drop.standardError - 100 * (8.0 - 0.04).squareRoot() / 100) < 1e-9)
  }
}
