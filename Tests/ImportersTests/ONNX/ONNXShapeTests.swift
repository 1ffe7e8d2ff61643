import Graph
import Testing

@testable import Importers

/// Slices, pads, joins, and shapes that the source computes.
@Suite struct ONNXShapeTests {
  @Test func slicesOfEveryForm() throws {
    let x = counting([1, 3, 4, 6])
    let expected = stridedCopy(Array(x.values[6...]), sizes: [3, 2, 3], strides: [24, 6, 2])
    var new = ModelSpecification(input: [1, 3, 4, 6])
    new.initializers = [
      .integers("s", [1, -6]), .integers("e", [-1, Int(Int32.max)]), .integers("a", [2, -1]), .integers("t", [1, 2]),
    ]
    new.node("Slice", ["x", "s", "e", "a", "t"], ["y"])
    #expect(try outputs(try imported(new), x)[0].values == expected)

    var old = ModelSpecification(operatorSet: 9, input: [1, 3, 4, 6])
    old.node(
      "Slice", ["x"], ["y"],
      [.integers("starts", [1, 0]), .integers("ends", [3, .max]), .integers("axes", [2, 1])])
    #expect(try outputs(try imported(old), x)[0].shape == [1, 3, 2, 6])
  }

  @Test(arguments: [
    (5, 0, 5, 1, 0, 5, 1), (5, -3, -1, 1, 2, 2, 1), (5, 4, -6, -2, 4, 3, -2), (5, 9, 20, 1, 5, 0, 1),
    (5, .max, .min, -1, 4, 5, -1), (5, .min, .max, .max, 0, 1, 1 << 40), (0, 0, 3, -1, 0, 0, -1),
    (5, 3, 1, 1, 3, 0, 1),
  ])
  func partsOfAnAxis(_ case: (size: Int, start: Int, end: Int, step: Int, begin: Int, count: Int, by: Int)) {
    let part = AxisPart(size: `case`.size, start: `case`.start, end: `case`.end, step: `case`.step)
    #expect(part == AxisPart(begin: `case`.begin, size: `case`.count, step: `case`.by))
  }

  @Test func padsOfEveryForm() throws {
    let x = Tensor(shape: [1, 1, 2, 2], values: [1, 2, 3, 4])
    var old = ModelSpecification(operatorSet: 10, input: [1, 1, 2, 2])
    old.node("Pad", ["x"], ["y"], [.integers("pads", [0, 0, 1, 0, 0, 0, 0, 1]), .float("value", 9)])
    let expected = Tensor(shape: [1, 1, 3, 3], values: [9, 9, 9, 1, 2, 9, 3, 4, 9])
    #expect(try outputs(try imported(old), x)[0] == expected)

    var new = ModelSpecification(operatorSet: 18, input: [1, 1, 2, 2])
    new.initializers = [.integers("p", [-1, 1, 0, 1]), .floats("v", [], [5]), .integers("a", [-2, 1])]
    new.node("Pad", ["x", "p", "v", "a"], ["y"])
    let cropped = Tensor(shape: [1, 3, 1, 2], values: [5, 5, 3, 4, 5, 5])
    #expect(try outputs(try imported(new), x)[0] == cropped)
  }

  @Test(arguments: [0, 1, 2, 3])
  func splitAndConcatAreInverse(axis: Int) throws {
    let shape = [axis == 0 ? 3 : 1, 3, 5, 4]
    var model = ModelSpecification(input: shape.map { .size($0) })
    let (first, second) = (1, shape[axis] - 1)
    model.initializers = [.integers("n", [first, second])]
    model.node("Split", ["x", "n"], ["a", "b"], [.integer("axis", axis)])
    model.node("Concat", ["b", "a"], ["y"], [.integer("axis", axis - 4)])
    let x = counting(shape)
    let strides = rowMajorStrides(shape)
    let result = try outputs(try imported(model, batch: true), x)[0]
    let expected = x.values.indices.map { index in
      let place = index / strides[axis] % shape[axis]
      return x.values[index + ((place + first) % shape[axis] - place) * strides[axis]]
    }
    #expect(result.values == expected)
  }

  @Test func gathersOneIndexOrRegularOnes() throws {
    let x = counting([1, 6, 2])
    var model = ModelSpecification(input: [1, 6, 2])
    model.initializers = [.integers("i", [-2], shape: []), .integers("j", [5, 3, 1])]
    model.node("Gather", ["x", "i"], ["y"], [.integer("axis", 1)])
    model.node("Gather", ["x", "j"], ["z"], [.integer("axis", 1)])
    model.outputs = ["y", "z"]
    let results = try outputs(try imported(model), x)
    #expect(results[0] == Tensor(shape: [1, 2], values: Array(x.values[8..<10])))
    #expect(results[1].values == [10, 11, 6, 7, 2, 3].map { x.values[$0] })
  }

  /// x.view(x.size(0), -1), the classic export: Shape → Gather → Unsqueeze → Concat → Reshape.
  @Test func shapeChainsFold() throws {
    var model = ModelSpecification(operatorSet: 11, input: ["n", 2, 2, 3])
    model.node("Shape", ["x"], ["s"])
    model.node("Constant", [], ["zero"], [.tensor("value", .integers("", [0], shape: []))])
    model.node("Gather", ["s", "zero"], ["g"])
    model.node("Unsqueeze", ["g"], ["u"], [.integers("axes", [0])])
    model.node("Constant", [], ["minus"], [.tensor("value", .integers("", [-1]))])
    model.node("Concat", ["u", "minus"], ["c"], [.integer("axis", 0)])
    model.node("Reshape", ["x", "c"], ["y"])
    let x = counting([1, 2, 2, 3])
    #expect(try outputs(try imported(model), x)[0] == Tensor(shape: [1, 12], values: x.values))
  }

  /// The padding that PyTorch computes while running: ConstantOfShape, Concat, Reshape, Slice, Transpose, Cast.
  @Test func computedPadsFold() throws {
    var model = ModelSpecification(input: [1, 1, 2, 2])
    model.initializers = [
      .integers("list", [1, 0, 0, 2]), .integers("four", [4]), .integers("shape", [-1, 2]), .integers("m", [-1]),
      .integers("low", [.min]), .integers("zero", [0]),
    ]
    model.node("ConstantOfShape", ["four"], ["zeros"], [.tensor("value", .integers("", [0]))])
    model.node("Concat", ["list", "zeros"], ["all"], [.integer("axis", 0)])
    model.node("Reshape", ["all", "shape"], ["pairs"])
    model.node("Slice", ["pairs", "m", "low", "zero", "m"], ["reversed"])
    model.node("Transpose", ["reversed"], ["turned"], [.integers("perm", [1, 0])])
    model.node("Reshape", ["turned", "m"], ["flat"])
    model.node("Cast", ["flat"], ["pads"], [.integer("to", 7)])
    model.node("Pad", ["x", "pads"], ["y"])
    let result = try outputs(try imported(model), Tensor(shape: [1, 1, 2, 2], values: [1, 2, 3, 4]))[0]
    #expect(result.shape == [1, 1, 4, 3])
    #expect(result.values == [0, 1, 2, 0, 3, 4, 0, 0, 0, 0, 0, 0])
  }

  @Test func arithmeticOfConstantsFolds() throws {
    var model = ModelSpecification(input: [1, 24])
    model.initializers = [
      .integers("a", [7, -7]), .integers("b", [2], shape: []), .floats("f", [2], [2.75, -2.75]),
      .integers("six", [6], shape: []), .integers("one", [1], shape: []), .integers("minus", [-1]),
    ]
    model.node("Div", ["a", "b"], ["quotient"])  // 3, −3
    model.node("Floor", ["f"], ["floor"])  // 2, −3
    model.node("Cast", ["floor"], ["whole"], [.integer("to", 7)])
    model.node("Equal", ["quotient", "whole"], ["same"])  // 0, 1
    model.node("Where", ["same", "six", "quotient"], ["pick"])  // 3, 6
    model.node("Sub", ["pick", "one"], ["less"])  // 2, 5
    model.node("Range", ["one", "b", "one"], ["range"])  // 1
    model.node("Max", ["less", "range"], ["most"])  // 2, 5
    model.node("Mul", ["most", "range"], ["product"])
    model.node("Gather", ["product", "range"], ["five"])  // 5
    model.node("Add", ["five", "one"], ["shape6"])  // 6
    model.node("Concat", ["shape6", "minus"], ["shape"], [.integer("axis", 0)])
    model.node("Reshape", ["x", "shape"], ["y"])
    #expect(try outputs(try imported(model), counting([1, 24]))[0].shape == [6, 4])
  }
}
