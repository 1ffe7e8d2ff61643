import Foundation
import Graph
import Testing

@testable import Importers

/// Functions and arithmetic of every form that exporters write.
@Suite struct ONNXElementwiseTests {
  /// The result of one node on x.
  func result(
    _ operation: String, _ inputs: [String] = ["x"], constants: [TensorSpecification] = [],
    attributes: [AttributeSpecification] = [], set: Int = 13, on x: Tensor
  ) throws -> Tensor {
    var model = ModelSpecification(operatorSet: set, input: x.shape.map { .size($0) })
    model.initializers = constants
    model.node(operation, inputs, ["y"], attributes)
    return try outputs(try imported(model), x)[0]
  }

  static let line = Tensor(shape: [1, 6], values: [-4, -1, 0, 0.5, 2, 7])

  @Test func clips() throws {
    let limits: [TensorSpecification] = [.floats("low", [], [0]), .floats("high", [], [6])]
    let line = Self.line
    #expect(try result("Clip", ["x", "low", "high"], constants: limits, on: line).values == [0, 0, 0, 0.5, 2, 6])
    #expect(try result("Clip", ["x", "", "high"], constants: limits, on: line).values == [-4, -1, 0, 0.5, 2, 6])
    #expect(try result("Clip", ["x", "low"], constants: limits, on: line).values == [0, 0, 0, 0.5, 2, 7])
    #expect(try result("Clip", set: 10, on: line).values == line.values)
    let attributes: [AttributeSpecification] = [.float("min", -1), .float("max", 1)]
    #expect(try result("Clip", attributes: attributes, set: 7, on: line).values == [-1, -1, 0, 0.5, 1, 1])
    #expect(try result("Min", ["high", "x"], constants: limits, on: line).values == [-4, -1, 0, 0.5, 2, 6])
    #expect(try result("Max", ["x", "low"], constants: limits, on: line).values == [0, 0, 0, 0.5, 2, 7])
  }

  @Test func functions() throws {
    let line = Self.line
    let definitions: [(String, [AttributeSpecification], (Float) -> Float)] = [
      ("Relu", [], { max(0, $0) }), ("LeakyRelu", [.float("alpha", 0.25)], { $0 < 0 ? 0.25 * $0 : $0 }),
      ("LeakyRelu", [], { $0 < 0 ? 0.01 * $0 : $0 }), ("Sigmoid", [], { 1 / (1 + exp(-$0)) }),
      ("HardSigmoid", [], { max(0, min(1, 0.2 * $0 + 0.5)) }), ("Tanh", [], { tanh($0) }), ("Neg", [], { -$0 }),
      ("HardSigmoid", [.float("alpha", 0.5), .float("beta", 0)], { max(0, min(1, 0.5 * $0)) }),
      ("HardSwish", [], { $0 * max(0, min(1, $0 / 6 + 0.5)) }), ("Identity", [], { $0 }), ("Dropout", [], { $0 }),
      ("Abs", [], { abs($0) }), ("Ceil", [], { ceil($0) }), ("Floor", [], { floor($0) }), ("Exp", [], { exp($0) }),
      ("Celu", [.float("alpha", 2)], { max(0, $0) + min(0, 2 * (exp($0 / 2) - 1)) }),
      ("Elu", [.float("alpha", 2)], { $0 < 0 ? 2 * (exp($0) - 1) : $0 }), ("Erf", [], { erf($0) }),
      ("Gelu", [], { $0 * 0.5 * (1 + erf($0 / Float(2).squareRoot())) }),
      ("Gelu", [.text("approximate", "tanh")], { $0 / 2 * (1 + tanh(0.7978846 * ($0 + 0.044715 * $0 * $0 * $0))) }),
      ("Mish", [], { $0 * tanh(log(1 + exp($0))) }), ("Round", [], { rint($0) }),
      ("Selu", [], { ($0 < 0 ? 1.6732632 * (exp($0) - 1) : $0) * 1.050701 }),
      ("Shrink", [.float("bias", 1), .float("lambd", 1.5)], { $0 > 1.5 ? $0 - 1 : $0 < -1.5 ? $0 + 1 : 0 }),
      ("Sign", [], { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }), ("Softplus", [], { log(1 + exp($0)) }),
      ("Softsign", [], { $0 / (1 + abs($0)) }), ("ThresholdedRelu", [], { $0 > 1 ? $0 : 0 }),
    ]
    for (operation, attributes, function) in definitions {
      let result = try result(operation, attributes: attributes, set: 20, on: line)
      expectNear(result, Tensor(shape: line.shape, values: line.values.map(function)), tolerance: 5e-4)
    }
  }

  @Test func functionsOfPositiveNumbers() throws {
    let x = Tensor(shape: [1, 4], values: [0.25, 1, 2, 9])
    for (operation, function) in [("Log", { log($0) }), ("Reciprocal", { 1 / $0 }), ("Sqrt", { $0.squareRoot() })]
      as [(String, (Float) -> Float)]
    {
      expectNear(try result(operation, on: x), Tensor(shape: x.shape, values: x.values.map(function)))
    }
    for exponent in [0.5, 1, 2, -1.5] as [Float] {
      let power = try result("Pow", ["x", "e"], constants: [.floats("e", [], [exponent])], on: x)
      expectNear(power, Tensor(shape: x.shape, values: x.values.map { pow($0, exponent) }))
    }
  }

  /// Max and Min of any number of activations and constants, in any order.
  @Test(arguments: ["Max", "Min"]) func extremes(_ operation: String) throws {
    var model = ModelSpecification(input: [1, 2, 2, 3])
    model.initializers = [.floats("c", [], [0.5])]
    model.node("Neg", ["x"], ["n"])
    model.node(operation, ["c", "x", "n"], ["y"])
    let x = counting([1, 2, 2, 3])
    let rule: (Float, Float) -> Float = operation == "Max" ? { max($0, $1) } : { min($0, $1) }
    expectNear(
      try outputs(try imported(model), x)[0],
      Tensor(shape: x.shape, values: x.values.map { rule(rule($0, -$0), 0.5) }))
  }

  @Test func gatesBecomeOneFunction() throws {
    for (gate, attributes, expected) in [
      ("Sigmoid", [], { $0 / (1 + exp(-$0)) }),
      ("HardSigmoid", [.float("alpha", 1 / 6)], { $0 * max(0, min(1, $0 / 6 + 0.5)) }),
    ] as [(String, [AttributeSpecification], (Float) -> Float)] {
      var model = ModelSpecification(input: [1, 6])
      model.node(gate, ["x"], ["s"], attributes)
      model.node("Mul", ["s", "x"], ["y"])
      let network = try imported(model)
      #expect(network.graph.nodes.count == 1)
      expectNear(try outputs(network, Self.line)[0], Tensor(shape: [1, 6], values: Self.line.values.map(expected)))
    }
  }

  /// Constants of every shape that fits [1, 2, 2, 3], before and after the activation.
  @Test(arguments: ["Add", "Sub", "Mul", "Div"], [[], [1], [3], [2, 1, 1], [1, 2, 1], [2, 2, 3], [1, 2, 2, 1]])
  func constantsAreRepeated(_ operation: String, _ shape: [Int]) throws {
    let x = counting([1, 2, 2, 3])
    let count = shape.reduce(1, *)
    let values = (0..<count).map { Float($0) + 1.5 }
    let padded = [Int](repeating: 1, count: 4 - shape.count) + shape
    let strides = zip(padded, rowMajorStrides(padded)).map { $0 == 1 ? 0 : $1 }
    let repeated = stridedCopy(values, sizes: x.shape, strides: strides)
    let rules: [String: (Float, Float) -> Float] = ["Add": (+), "Sub": (-), "Mul": (*), "Div": (/)]
    let rule = try #require(rules[operation])
    let constant = TensorSpecification.floats("c", shape, values)
    let first = try result(operation, ["x", "c"], constants: [constant], on: x)
    expectNear(first, Tensor(shape: x.shape, values: zip(x.values, repeated).map { rule($0, $1) }))
    let second = try result(operation, ["c", "x"], constants: [constant], on: x)
    expectNear(second, Tensor(shape: x.shape, values: zip(repeated, x.values).map { rule($0, $1) }))
  }

  @Test func quotients() throws {
    var model = ModelSpecification(input: [1, 2, 2, 3])
    model.node("Exp", ["x"], ["e"])
    model.node("Div", ["x", "e"], ["y"])
    let x = counting([1, 2, 2, 3])
    expectNear(
      try outputs(try imported(model), x)[0], Tensor(shape: x.shape, values: x.values.map { $0 / exp($0) }),
      tolerance: 1e-4)
  }

  /// Slopes below 1, above 1, and of both kinds; one, or one a channel.
  @Test(arguments: [[0.25, 0.25], [0.25, -0.5], [1, 2], [0.5, 2]] as [[Float]])
  func slopes(_ slopes: [Float]) throws {
    let x = counting([1, 2, 2, 3])
    let expected = x.values.enumerated().map { $1 < 0 ? slopes[$0 / 6] * $1 : $1 }
    let result = try result("PRelu", ["x", "s"], constants: [.floats("s", [2, 1, 1], slopes)], on: x)
    expectNear(result, Tensor(shape: x.shape, values: expected))
  }

  /// The smaller operand comes first.
  @Test func differencesKeepTheirOrder() throws {
    var model = ModelSpecification(input: [1, 2, 2, 3])
    model.node("GlobalAveragePool", ["x"], ["m"])
    model.node("Sub", ["m", "x"], ["y"])
    let x = counting([1, 2, 2, 3])
    let means = (0..<2).map { channel in x.values[channel * 6..<channel * 6 + 6].reduce(0, +) / 6 }
    let expected = x.values.enumerated().map { means[$0 / 6] - $1 }
    expectNear(try outputs(try imported(model), x)[0], Tensor(shape: x.shape, values: expected))
  }

  @Test func activationsAreCombined() throws {
    var model = ModelSpecification(input: [1, 2, 2, 3])
    model.node("Relu", ["x"], ["r"])
    model.node("Sub", ["x", "r"], ["s"])
    model.node("Sum", ["x", "r", "s", "x"], ["y"])
    let x = counting([1, 2, 2, 3])
    expectNear(
      try outputs(try imported(model), x)[0], Tensor(shape: x.shape, values: x.values.map { 3 * $0 }))
  }

  /// Before operator set 13 all axes from `axis` on are one; since then it is one axis.
  @Test(arguments: [(11, 1), (13, 1), (13, -1), (11, 3)])
  func softmax(operatorSet: Int, axis: Int) throws {
    let x = counting([1, 2, 2, 3])
    let result = try result("Softmax", attributes: [.integer("axis", axis)], set: operatorSet, on: x)
    let exponentials = x.values.map { exp($0) }
    let groups: [Int] =
      switch (operatorSet, axis) {
      case (11, 1): x.values.map { _ in 0 }
      case (13, 1): x.values.indices.map { $0 % 6 }
      default: x.values.indices.map { $0 / 3 }
      }
    var sums = [Float](repeating: 0, count: 6)
    for (index, group) in groups.enumerated() { sums[group] += exponentials[index] }
    let shares = groups.indices.map { exponentials[$0] / sums[groups[$0]] }
    expectNear(result, Tensor(shape: x.shape, values: shares))
    let logarithms = try self.result("LogSoftmax", attributes: [.integer("axis", axis)], set: operatorSet, on: x)
    expectNear(logarithms, Tensor(shape: x.shape, values: shares.map { log($0) }), tolerance: 1e-4)
  }
}
