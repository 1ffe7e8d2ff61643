import Foundation
import Graph
import Testing

@testable import Importers

/// Reductions over space, channels and everything, against their definitions.
@Suite struct ONNXReductionTests {
  static let definitions: [(String, @Sendable ([Float]) -> Float)] = [
    ("ReduceMean", { $0.reduce(0, +) / Float($0.count) }), ("ReduceMax", { $0.max()! }), ("ReduceMin", { $0.min()! }),
    ("ReduceSum", { $0.reduce(0, +) }), ("ReduceL1", { $0.reduce(0) { $0 + abs($1) } }),
    ("ReduceL2", { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }),
    ("ReduceSumSquare", { $0.reduce(0) { $0 + $1 * $1 } }),
    ("ReduceLogSumExp", { log($0.reduce(0) { $0 + exp($1) }) }), ("ReduceLogSum", { log($0.reduce(0, +)) }),
    ("ReduceProd", { $0.reduce(1, *) }),
  ]

  @Test(arguments: 0..<10, [[2, 3], [1], [3], [1, 2, 3], [0, 1, 2, 3], [-1, 1]])
  func followsTheDefinition(which: Int, axes: [Int]) throws {
    let (operation, definition) = Self.definitions[which]
    var x = counting([1, 2, 3, 4])
    if operation == "ReduceProd" { x.values = x.values.map { 1 + $0 / 8 } }
    if operation == "ReduceLogSum" { x.values = x.values.map(abs) }
    for keepsAxes in [0, 1] {
      var model = ModelSpecification(input: [1, 2, 3, 4])
      let attributes: [AttributeSpecification] = [.integer("keepdims", keepsAxes)]
      if operation == "ReduceSum" {
        model.initializers = [.integers("axes", axes)]
        model.node(operation, ["x", "axes"], ["y"], attributes)
      } else {
        model.node(operation, ["x"], ["y"], attributes + [.integers("axes", axes)])
      }
      let result = try outputs(try imported(model), x)[0]
      let expected = Self.reduced(x, axes, keepsAxes: keepsAxes == 1, definition)
      expectNear(result, expected, tolerance: 2e-4)

      // The same of a constant, added to zeros.
      model.initializers.append(.floats("c", x.shape, x.values))
      var folded = ModelSpecification(input: expected.shape.isEmpty ? [1] : expected.shape.map { .size($0) })
      folded.initializers = model.initializers
      folded.node(
        operation, operation == "ReduceSum" ? ["c", "axes"] : ["c"], ["r"],
        operation == "ReduceSum" ? attributes : attributes + [.integers("axes", axes)])
      folded.node("Add", ["x", "r"], ["y"])
      let sum = try outputs(try imported(folded), Tensor(shape: expected.shape.isEmpty ? [1] : expected.shape))[0]
      expectNear(Tensor(shape: expected.shape, values: sum.values), expected, tolerance: 2e-4)
    }
  }

  static func reduced(_ x: Tensor, _ axes: [Int], keepsAxes: Bool, _ definition: ([Float]) -> Float) -> Tensor {
    let reduced = Set(axes.map { $0 < 0 ? $0 + 4 : $0 })
    let kept = x.shape.indices.map { reduced.contains($0) ? 1 : x.shape[$0] }
    var groups = [[Float]](repeating: [], count: kept.reduce(1, *))
    for (index, value) in x.values.enumerated() {
      var (place, stride, rest) = (0, 1, index)
      for axis in x.shape.indices.reversed() {
        if !reduced.contains(axis) {
          place += rest % x.shape[axis] * stride
          stride *= x.shape[axis]
        }
        rest /= x.shape[axis]
      }
      groups[place].append(value)
    }
    let shape = keepsAxes ? kept : x.shape.indices.filter { !reduced.contains($0) }.map { x.shape[$0] }
    return Tensor(shape: shape, values: groups.map(definition))
  }
}
