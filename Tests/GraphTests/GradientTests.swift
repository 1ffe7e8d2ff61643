import Foundation
import Testing

@testable import Graph

/// Every gradient against the slope of the operator's own evaluation along random directions.
@Suite struct GradientTests {
  @Test(arguments: GradientCase.all.indices) func isTheSlope(_ index: Int) throws {
    let example = GradientCase.all[index]
    var random = SeededGenerator(index)
    try check(example.name, example.operation, example.inputs(&random), counted: example.counted, &random)
  }

  @Test(arguments: GradientCase.functions) func isTheSlopeOfFunctions(_ function: Activation.Function) throws {
    var random = SeededGenerator(7)
    // Between corners, which all lie on multiples of 1/8; some functions know only positive numbers.
    let positive: Bool =
      switch function {
      case .logarithm, .squareRoot, .power, .reciprocal: true
      default: false
      }
    let (scale, first): (Float, Float) = positive ? (0.0625, 1.0625) : (0.125, -3.9375)
    let steps: [Float] = (0..<64).map { first + scale * Float($0) }
    try check("\(function)", Activation(function), [Tensor(shape: [1, 64], values: steps)], counted: 1, &random)
  }

  /// No operator and no function is forgotten.
  @Test func everyOperatorHasAGradientOrAReason() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources/Graph/Operators")
    var kinds: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil) {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: /static var kind: String \{ "(\w+)" \}/) { kinds.insert(String(match.1)) }
    }
    #expect(kinds.count >= 31)
    let checked = Set(GradientCase.all.map { $0.operation.kind } + ["Activation"])
    let excused = Set(GradientCase.withoutGradient.keys)
    #expect(checked.isDisjoint(with: excused))
    let forgotten = kinds.subtracting(checked).subtracting(excused).sorted()
    #expect(
      forgotten.isEmpty, "no case in GradientCase.all, and no reason in GradientCase.withoutGradient: \(forgotten)")
    #expect(checked.union(excused).subtracting(kinds).isEmpty)
    let functions = try String(
      contentsOf: sources.appendingPathComponent("ActivationFunction.swift"), encoding: .utf8)
    let declared = functions.prefix(upTo: try #require(functions.range(of: "extension Activation.Function")).lowerBound)
    let names = Set(declared.matches(of: /\n    case (\w+)/).map { String($0.1) })
    let known = Set(
      (GradientCase.functions + GradientCase.flatFunctions).map { "\($0)".prefix { $0 != "(" } }.map(String.init))
    #expect(names == known)
    for function in GradientCase.flatFunctions { #expect(Activation(function).obstacleToGradients != nil) }
    for function in GradientCase.functions { #expect(Activation(function).obstacleToGradients == nil) }
  }

  @Test func goesThroughTheStatisticsOfABatch() throws {
    var random = SeededGenerator(5)
    let operation = BatchNormalization(epsilon: 0.01)
    let inputs = [random.tensor([3, 4, 2, 5]), random.tensor([5]), random.tensor([5])]
    let weights = random.tensor([3, 4, 2, 5])
    let workers = Workers(count: 2)
    let evaluate: ([Tensor]) -> Double = { inputs in
      let output = operation.evaluateInTraining(inputs[0], scale: inputs[1], shift: inputs[2], on: workers).output
      return product(output, weights)
    }
    let statistics = operation.evaluateInTraining(inputs[0], scale: inputs[1], shift: inputs[2], on: workers).statistics
    let all = operation.gradientsInTraining(
      inputs[0], scale: inputs[1], shift: inputs[2], statistics, weights, on: workers)
    for (position, gradient) in [all.x, all.scale, all.shift].enumerated() {
      try compare("batch statistics, input \(position)", inputs, position, gradient, &random, evaluate)
    }
  }

  @Test func hasTheSameBitsWithAnyNumberOfThreads() {
    var random = SeededGenerator(9)
    let operation = Conv2D(padding: Padding2D(top: 1, left: 1, bottom: 1, right: 1))
    let inputs = [random.tensor([7, 6, 5, 4]), random.tensor([8, 3, 3, 4]), random.tensor([8])]
    let gradient = random.tensor([7, 6, 5, 8])
    let results = [1, 2, 3].map { threads in
      operation.gradients(
        inputs, output: gradient, gradient: gradient, wanted: [true, true, true], on: Workers(count: threads))
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func givesOnlyWhatIsAskedFor() {
    var random = SeededGenerator(11)
    let inputs = [random.tensor([1, 4, 4, 2]), random.tensor([3, 3, 3, 2]), random.tensor([3])]
    let results = Conv2D().gradients(
      inputs, output: random.tensor([1, 2, 2, 3]), gradient: random.tensor([1, 2, 2, 3]),
      wanted: [false, true, false], on: Workers(count: 1))
    #expect(results.map { $0 == nil } == [true, false, true])
  }

  private func check(
    _ name: String, _ operation: any DifferentiableOperator, _ inputs: [Tensor], counted: Int,
    _ random: inout SeededGenerator
  ) throws {
    let workers = Workers(count: 2)
    let output = operation.evaluate(inputs, on: workers)[0]
    let weights = random.tensor(output.shape)
    let wanted = inputs.indices.map { $0 < counted }
    let gradients = operation.gradients(inputs, output: output, gradient: weights, wanted: wanted, on: workers)
    for threads in [1, 3] {
      let others = operation.gradients(
        inputs, output: output, gradient: weights, wanted: wanted, on: Workers(count: threads))
      #expect(others == gradients, "\(name): other bits with \(threads) threads")
    }
    for position in 0..<counted {
      let gradient = try #require(gradients[position], "\(name): input \(position) has no gradient")
      try compare("\(name), input \(position)", inputs, position, gradient, &random) {
        product(operation.evaluate($0, on: workers)[0], weights)
      }
    }
  }

  /// Along random directions, the slope of `evaluate` is the gradient's product with the direction.
  private func compare(
    _ name: String, _ inputs: [Tensor], _ position: Int, _ gradient: Tensor, _ random: inout SeededGenerator,
    _ evaluate: ([Tensor]) -> Double
  ) throws {
    #expect(gradient.shape == inputs[position].shape)
    let step: Float = 1 / 128
    for _ in 0..<4 {
      let direction = random.tensor(gradient.shape)
      var (above, below) = (inputs, inputs)
      for index in direction.values.indices {
        above[position].values[index] += step * direction.values[index]
        below[position].values[index] -= step * direction.values[index]
      }
      let slope = (evaluate(above) - evaluate(below)) / Double(2 * step)
      let expected = product(gradient, direction)
      let size = (product(gradient, gradient) * product(direction, direction)).squareRoot()
      #expect(abs(slope - expected) <= 2e-3 * max(size, 1e-3), "\(name): slope \(slope), gradient \(expected)")
    }
  }
}

private func product(_ a: Tensor, _ b: Tensor) -> Double {
  zip(a.values, b.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}
