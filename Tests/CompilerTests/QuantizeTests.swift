import Graph
import Testing

@testable import Compiler

struct QuantizeTests {
  private func rules(_ network: inout TestNetwork) throws -> ChosenQuantizations {
    let statistics = try calibrate(network.graph, on: network.examples(3))
    return ChosenQuantizations(network.graph, statistics, method: .meanSquaredError)
  }

  @Test func concatAndItsFreeInputsShareOneRule() throws {
    var network = TestNetwork(1)
    let x = network.input([1, 6, 6, 4])
    let a = try network.apply(MaxPool2D(window: Size2D(2, 2)), try network.conv(x, to: 4))
    let b = try network.conv(x, to: 4, kernel: 2, padding: 0)
    let shared = try network.conv(x, to: 4, kernel: 2, padding: 0)
    let joined = try network.apply(Concat(axis: 3), a, b, shared)
    network.graph.outputs = [joined, try network.conv(shared, to: 2)]
    let rules = try rules(&network)
    #expect(rules[a] == rules[joined] && rules[b] == rules[joined])
    #expect(rules[shared] != rules[joined])
    let range = try #require(rules[joined]).range
    let part = try #require(rules[shared]).range
    #expect(range.lowerBound <= part.lowerBound * 0.99 && range.upperBound >= part.upperBound * 0.99)
  }

  @Test func clampsBoundRangesAndOutputsAreNotClipped() throws {
    var network = TestNetwork(2)
    let x = network.input([1, 6, 6, 4])
    var y = try network.apply(Activation(.clip(low: -0.5, high: 0.25)), try network.conv(x, to: 4))
    let clamped = y
    y = try network.apply(Reshape(shape: [1, 144]), y)
    network.graph.outputs = [try network.fullyConnected(y, to: 50)]
    try simplify(&network.graph)
    let statistics = try calibrate(network.graph, on: network.examples(3))
    let rules = ChosenQuantizations(network.graph, statistics, method: .percentile(80))
    let range = try #require(rules[clamped]).range
    #expect(range.lowerBound >= -0.51 && range.upperBound <= 0.26)
    let seen = statistics.histogram(of: network.graph.outputs[0])
    let output = try #require(rules[network.graph.outputs[0]]).range
    #expect(output.lowerBound <= seen.minimum * 0.99 && output.upperBound >= seen.maximum * 0.99)
  }

  @Test func valuesThatAnArgMaxDecidesByAreNotClipped() throws {
    var network = TestNetwork(2)
    let scores = try network.conv(network.input([1, 6, 6, 4]), to: 8)
    network.graph.outputs = [try network.apply(TopK(count: 1, result: .indices), scores)]
    let statistics = try calibrate(network.graph, on: network.examples(3))
    let rules = ChosenQuantizations(network.graph, statistics, method: .percentile(80))
    let seen = statistics.histogram(of: scores)
    let range = try #require(rules[scores]).range
    #expect(range.lowerBound <= seen.minimum * 0.99 && range.upperBound >= seen.maximum * 0.99)
    #expect(rules[network.graph.outputs[0]]?.element == .int32)
  }

  /// Inputs with a mean make rounded weights shift whole channels; corrected biases take the shift away.
  @Test func correctedBiasesTakeTheMeanErrorAway() throws {
    var network = TestNetwork(3)
    let x = network.input([1, 8, 8, 64])
    network.graph.outputs = [try network.conv(try network.apply(Activation(.sigmoid), x), to: 32)]
    let data = network.examples(6)
    func meanError(correcting: Bool) throws -> Double {
      var options = CompileOptions()
      options.correctsBiases = correcting
      let runner = try ModelRunner(try compile(network.graph, calibration: data, options: options).bytes)
      var sums = [Double](repeating: 0, count: 32)
      for example in 0..<data.count {
        let inputs = try data.inputs(example)
        let expected = try network.graph.evaluate(inputs: inputs)[0]
        let found = try runner.run(inputs)[0]
        for index in expected.values.indices {
          sums[index % 32] += Double(found.values[index] - expected.values[index])
        }
      }
      return sums.reduce(0) { $0 + abs($1) }
    }
    #expect(try meanError(correcting: true) < 0.6 * meanError(correcting: false))
  }
}
