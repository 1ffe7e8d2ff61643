import Testing

@testable import Graph

/// What random operators draw in training.
@Suite struct RandomOperatorTests {
  private func draw(_ operation: some RandomOperator, _ x: Tensor, seed: UInt64 = 1) -> (output: Tensor, drawn: Tensor)
  {
    var random = SplitMix64(seed: seed)
    return operation.evaluateInTraining(x, random: &random, on: Workers(count: 2))
  }

  @Test func dropsAShareAndKeepsTheMean() {
    let x = Tensor(shape: [2, 10, 10, 20], repeating: 3)
    let (output, drawn) = draw(Dropout(rate: 0.25), x)
    let dropped = Double(output.values.count { $0 == 0 }) / Double(x.count)
    #expect(abs(dropped - 0.25) < 0.03)
    #expect(output.values.allSatisfy { $0 == 0 || abs($0 - 4) < 1e-5 })
    #expect(draw(Dropout(rate: 0.25), x).output == output && draw(Dropout(rate: 0.25), x, seed: 2).output != output)
    let gradient = Dropout(rate: 0.25).gradientInTraining(x, drawn: drawn, x, on: Workers(count: 1))
    #expect(gradient == output)
  }

  @Test func drawsByTheShareOfTheSum() {
    let pool = StochasticPool2D(window: Size2D(1, 4), stride: Size2D(1, 4))
    let x = Tensor(shape: [1, 1000, 4, 1], values: (0..<1000).flatMap { _ -> [Float] in [1, -5, 3, 0] })
    let (output, drawn) = draw(pool, x)
    #expect(Set(output.values) == [1, 3])
    #expect(abs(Double(output.values.count { $0 == 3 }) / 1000 - 0.75) < 0.05)
    #expect(pool.evaluate([x], on: Workers(count: 1))[0].values.allSatisfy { $0 == 2.5 })
    let gradient = pool.gradientInTraining(
      x, drawn: drawn, Tensor(shape: [1, 1000, 1, 1], repeating: 1), on: Workers(count: 1))
    for index in 0..<1000 {
      #expect(gradient.values[4 * index + (output.values[index] == 3 ? 2 : 0)] == 1)
    }
    #expect(gradient.values.reduce(0, +) == 1000)
    let zeros = Tensor(shape: [1, 1, 4, 1], values: [0, -1, -2, 0])
    #expect(draw(pool, zeros).output.values == [0])
    #expect(
      draw(pool, zeros).drawn.spread(Tensor(shape: [1, 1, 1, 1], repeating: 1), over: zeros) { $0 > 0 }.values.max()
        == 0)
  }

  @Test func dividesTheImageIntoWindowsOfTwoSizes() {
    let pool = FractionalMaxPool2D(size: Size2D(5, 1))
    let x = Tensor(shape: [1, 8, 1, 1], values: (1...8).map { Float($0) })
    var found: Set<[Float]> = []
    for seed in 0..<40 {
      let values = draw(pool, x, seed: UInt64(seed)).output.values
      // Of rising rows, each maximum is the last row of its window.
      let sizes = zip(values, [0] + values).map { $0 - $1 }
      #expect(values.last == 8 && sizes.allSatisfy { $0 == 1 || $0 == 2 } && sizes.count { $0 == 2 } == 3)
      found.insert(values)
    }
    #expect(found.count > 5)
    let error = #expect(throws: GraphError.self) {
      try FractionalMaxPool2D(size: Size2D(2, 2)).outputShapes([[1, 5, 5, 1]])
    }
    #expect(error?.description.contains("height") == true)
  }

  @Test func passesHaveTheSeedsNumbersWithAnyNumberOfThreads() throws {
    var graph = Graph(name: "random")
    let input = graph.addInput("input", shape: [4, 12])
    let matrix = graph.addConstant("m", Tensor(shape: [3, 12], values: (0..<36).map { Float($0 % 7) - 3 }))
    let offset = graph.addConstant("o", Tensor(shape: [3]))
    let x = try graph.apply(Dropout(rate: 0.5), input, name: "dropout")
    graph.outputs = [try graph.apply(FullyConnected(), x, matrix, offset, name: "logits")]
    let image = Tensor(shape: [4, 12], values: (0..<48).map { Float($0) + 1 })
    func pass(_ seed: UInt64, _ threads: Int, isTraining: Bool = true) throws -> Tensor? {
      var differentiator = try Differentiator(
        graph, parameters: [matrix], usesBatchStatistics: isTraining, workers: Workers(count: threads))
      differentiator.randomSeed = seed
      return try differentiator.run([image]) { $0 }.gradients[matrix]
    }
    #expect(try pass(1, 1) == pass(1, 3))
    #expect(try pass(1, 1) != pass(2, 1))
    #expect(try pass(1, 1, isTraining: false) == pass(2, 1, isTraining: false))
  }
}
