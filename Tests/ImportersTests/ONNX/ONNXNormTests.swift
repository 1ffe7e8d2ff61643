import Foundation
import Graph
import Testing

@testable import Importers

/// Norms and normalizations by a tensor's own statistics, against their definitions.
@Suite struct ONNXNormTests {
  /// Each run of values that `places` names, in the source's order, normalized by its mean and variance.
  private func normalized(_ x: Tensor, by group: (Int) -> Int, epsilon: Double, _ affine: (Int, Double) -> Double)
    -> Tensor
  {
    var members: [Int: [Int]] = [:]
    for place in x.values.indices { members[group(place), default: []].append(place) }
    var result = x
    for places in members.values {
      let values = places.map { Double(x.values[$0]) }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      for (place, value) in zip(places, values) {
        result.values[place] = Float(affine(place, (value - mean) / (variance + epsilon).squareRoot()))
      }
    }
    return result
  }

  @Test func instanceNormalization() throws {
    var model = ModelSpecification(input: [1, 3, 2, 4])
    model.initializers = [.floats("scale", [3], [1, 2, -1]), .floats("bias", [3], [0.5, 0, 1])]
    model.node("InstanceNormalization", ["x", "scale", "bias"], ["y"], [.float("epsilon", 0.01)])
    let x = counting([1, 3, 2, 4])
    let expected = normalized(x, by: { $0 / 8 }, epsilon: 0.01) { $1 * [1, 2, -1][$0 / 8] + [0.5, 0, 1][$0 / 8] }
    let result = try imported(model)
    expectNear(try outputs(result, x)[0], expected, tolerance: 1e-4)
    #expect(count("Transpose", in: result) == 0)
  }

  /// PyTorch exports groups as a reshape, instances and a reshape back: nothing moves.
  @Test func groupsAsPyTorchExportsThem() throws {
    var model = ModelSpecification(input: [1, 6, 2, 4])
    model.initializers = [
      .floats("scale", [2], [1, 1]), .floats("bias", [2], [0, 0]), .integers("groups", [0, 2, -1]),
      .integers("whole", [1, 6, 2, 4]),
    ]
    model.node("Reshape", ["x", "groups"], ["r"])
    model.node("InstanceNormalization", ["r", "scale", "bias"], ["n"], [.float("epsilon", 0.1)])
    model.node("Reshape", ["n", "whole"], ["y"])
    let x = counting([1, 6, 2, 4])
    let result = try imported(model)
    expectNear(
      try outputs(result, x)[0], normalized(x, by: { $0 / 24 }, epsilon: 0.1) { $1 }, tolerance: 1e-4)
    #expect(count("Transpose", in: result) == 0)
  }

  @Test(arguments: [2, 6]) func groupNormalization(scales: Int) throws {
    let scale = (0..<scales).map { Float($0) + 1 }
    var model = ModelSpecification(operatorSet: 21, input: [1, 6, 2, 2])
    model.initializers = [
      .floats("scale", [scales], scale), .floats("bias", [scales], [Float](repeating: 3, count: scales)),
    ]
    model.node("GroupNormalization", ["x", "scale", "bias"], ["y"], [.integer("num_groups", 2)])
    let x = counting([1, 6, 2, 2])
    let expected = normalized(x, by: { $0 / 12 }, epsilon: 1e-5) { $1 * Double(scale[$0 * scales / 24]) + 3 }
    expectNear(try outputs(try imported(model), x)[0], expected, tolerance: 1e-4)
  }

  @Test(arguments: [-1, 1, 2, 3]) func layerNormalization(axis: Int) throws {
    let first = axis < 0 ? 3 : axis
    let shape = [3, 2, 5].suffix(4 - first)
    let size = shape.reduce(1, *)
    let scale = (0..<size).map { Float($0 % 7) - 2 }
    var model = ModelSpecification(operatorSet: 17, input: [1, 3, 2, 5])
    model.initializers = [.floats("scale", Array(shape), scale)]
    model.node("LayerNormalization", ["x", "scale"], ["y"], [.integer("axis", axis)])
    let x = counting([1, 3, 2, 5])
    let expected = normalized(x, by: { $0 / size }, epsilon: 1e-5) { $1 * Double(scale[$0 % size]) }
    expectNear(try outputs(try imported(model), x)[0], expected, tolerance: 1e-4)
  }

  @Test func meanVarianceNormalization() throws {
    var model = ModelSpecification(input: [1, 3, 2, 4])
    model.node("MeanVarianceNormalization", ["x"], ["y"])
    let x = counting([1, 3, 2, 4])
    expectNear(
      try outputs(try imported(model), x)[0], normalized(x, by: { $0 / 8 }, epsilon: 1e-9) { $1 }, tolerance: 1e-4)
  }

  /// Statistics over a batch are not those of its images.
  @Test func meanVarianceNormalizationOfABatch() {
    var model = ModelSpecification(input: [3, 3, 2, 4])
    model.node("MeanVarianceNormalization", ["x"], ["y"])
    var options = ONNXImporter.Options()
    options.requiresBatchOne = false
    #expect(importError(model.encoded, options: options)?.problems.count == 1)
  }

  @Test(arguments: [1, 2, 3, 9]) func localResponseNormalization(size: Int) throws {
    var model = ModelSpecification(input: [1, 5, 2, 2])
    model.node(
      "LRN", ["x"], ["y"], [.integer("size", size), .float("alpha", 0.5), .float("beta", 0.6), .float("bias", 2)])
    let x = counting([1, 5, 2, 2])
    var expected = x
    for place in x.values.indices {
      let channel = place / 4
      var sum = 0.0
      for near in max(0, channel - (size - 1) / 2)...min(4, channel + size / 2) {
        sum += pow(Double(x.values[near * 4 + place % 4]), 2)
      }
      expected.values[place] = Float(Double(x.values[place]) / pow(2 + 0.5 / Double(size) * sum, 0.6))
    }
    expectNear(try outputs(try imported(model), x)[0], expected)
  }

  @Test(arguments: [1, 2], [1, 2, -1]) func lpNormalization(order: Int, axis: Int) throws {
    var model = ModelSpecification(input: [1, 2, 3, 4])
    model.node("LpNormalization", ["x"], ["y"], [.integer("p", order), .integer("axis", axis)])
    let x = counting([1, 2, 3, 4])
    let sizes = [1: (12, 12), 2: (4, 12), -1: (1, 4)]
    let (inner, outer) = try #require(sizes[axis])
    var sums: [Int: Float] = [:]
    func line(_ place: Int) -> Int { axis == 1 ? place % 12 : place / outer * 12 + place % inner }
    for (place, value) in x.values.enumerated() {
      sums[line(place), default: 0] += order == 2 ? value * value : abs(value)
    }
    var expected = x
    for place in x.values.indices {
      let sum = sums[line(place)] ?? 0
      expected.values[place] /= order == 2 ? sum.squareRoot() : sum
    }
    expectNear(try outputs(try imported(model), x)[0], expected)
  }

  @Test(arguments: [1, 2, 3]) func lpPooling(order: Int) throws {
    for isGlobal in [false, true] {
      var model = ModelSpecification(operatorSet: 18, input: [1, 2, 2, 4])
      let window: [AttributeSpecification] = [.integers("kernel_shape", [2, 2]), .integers("strides", [2, 2])]
      model.node(isGlobal ? "GlobalLpPool" : "LpPool", ["x"], ["y"], [.integer("p", order)] + (isGlobal ? [] : window))
      let x = counting([1, 2, 2, 4])
      let columns = isGlobal ? 1 : 2
      let width = 4 / columns
      let values = (0..<2 * columns).map { place in
        let first = place / columns * 8 + place % columns * width
        let sum = (0..<2 * width).reduce(0.0) {
          $0 + pow(abs(Double(x.values[first + $1 / width * 4 + $1 % width])), Double(order))
        }
        return Float(pow(sum, 1 / Double(order)))
      }
      expectNear(
        try outputs(try imported(model), x)[0], Tensor(shape: [1, 2, 1, columns], values: values), tolerance: 1e-4)
    }
  }

  /// Numbers that a model must not have.
  @Test func impossibleAttributes() {
    let cases: [(String, [AttributeSpecification])] = [
      ("LRN", [.integer("size", 0)]), ("LRN", [.integer("size", .max)]), ("LRN", []),
      ("LRN", [.integer("size", 3), .float("bias", 0)]), ("LRN", [.integer("size", 3), .float("alpha", .nan)]),
      ("LpNormalization", [.integer("p", 3)]), ("LpNormalization", [.integer("axis", 4)]),
      ("LpPool", [.integers("kernel_shape", [2, 2]), .integer("p", 0)]), ("LpPool", []),
      ("GlobalLpPool", [.integer("p", -1)]), ("GlobalLpPool", [.integer("p", .max)]),
      ("MeanVarianceNormalization", [.integers("axes", [1])]),
    ]
    for (operation, attributes) in cases {
      var model = ModelSpecification(input: [1, 2, 4, 4])
      model.node(operation, ["x"], ["y"], attributes)
      #expect(importError(model.encoded)?.problems.count == 1, "\(operation) \(attributes)")
    }
    for (operation, attribute) in [("GroupNormalization", 0), ("GroupNormalization", 4), ("GroupNormalization", -2)] {
      var model = ModelSpecification(operatorSet: 21, input: [1, 6, 2, 2])
      model.initializers = [.floats("scale", [6], [1, 1, 1, 1, 1, 1])]
      model.node(operation, ["x", "scale", "scale"], ["y"], [.integer("num_groups", attribute)])
      #expect(importError(model.encoded)?.problems.count == 1)
    }
    for (operation, size) in [("InstanceNormalization", 3), ("LayerNormalization", 3)] {
      var model = ModelSpecification(operatorSet: 17, input: [1, 6, 2, 2])
      model.initializers = [.floats("scale", [size], [1, 1, 1])]
      model.node(operation, ["x", "scale", "scale"], ["y"])
      #expect(importError(model.encoded)?.problems.count == 1)
    }
  }
}
