import Graph
import Testing

@testable import Importers

/// Selections by index, copies, products of several operands and volumes.
struct ONNXGatheringTests {
  /// What a node gives for constants: it is added to zeros of this shape.
  static func folded(
    _ operation: String, _ constants: [TensorSpecification], shape: [Int], _ attributes: [AttributeSpecification] = []
  ) throws -> [Float] {
    var model = ModelSpecification(operatorSet: 18, input: shape.map { .size($0) })
    model.initializers = constants
    model.node(operation, constants.map(\.name), ["c"], attributes)
    model.node("Add", ["x", "c"], ["y"])
    return try outputs(try imported(model, batch: true), Tensor(shape: shape))[0].values
  }

  static func reason(_ operation: String, _ constants: [TensorSpecification]) -> String {
    do {
      return "\(try folded(operation, constants, shape: [1]))"
    } catch let error as ImportError {
      return error.problems.first?.reason ?? error.summary
    } catch {
      return "\(error)"
    }
  }

  static let data = TensorSpecification.floats("data", [3, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8])

  @Test func gathersElementsOfConstants() throws {
    let indices = TensorSpecification.integers("i", [1, 2, 0, -1, 0, 0], shape: [2, 3])
    #expect(try Self.folded("GatherElements", [Self.data, indices], shape: [2, 3]) == [3, 7, 2, 6, 1, 2])
    #expect(
      try Self.folded("GatherElements", [Self.data, indices], shape: [2, 3], [.integer("axis", 1)])
        == [1, 2, 0, 5, 3, 3])
  }

  @Test func gathersAndScattersSlicesOfConstants() throws {
    let rows = TensorSpecification.integers("i", [2, -3], shape: [2, 1])
    #expect(try Self.folded("GatherND", [Self.data, rows], shape: [2, 3]) == [6, 7, 8, 0, 1, 2])
    let places = TensorSpecification.integers("i", [0, 1, 2, 2], shape: [2, 2])
    #expect(try Self.folded("GatherND", [Self.data, places], shape: [2]) == [1, 8])
    let batched = TensorSpecification.integers("i", [1, 0, 2], shape: [3, 1])
    #expect(try Self.folded("GatherND", [Self.data, batched], shape: [3], [.integer("batch_dims", 1)]) == [1, 3, 8])
    let updates = TensorSpecification.floats("u", [2], [-1, -2])
    #expect(
      try Self.folded("ScatterND", [Self.data, places, updates], shape: [3, 3]) == [0, -1, 2, 3, 4, 5, 6, 7, -2])
    #expect(
      try Self.folded("ScatterND", [Self.data, places, updates], shape: [3, 3], [.text("reduction", "add")])
        == [0, 0, 2, 3, 4, 5, 6, 7, 6])
  }

  @Test func scattersElementsOfConstants() throws {
    let indices = TensorSpecification.integers("i", [1, 0, 2], shape: [1, 3])
    let updates = TensorSpecification.floats("u", [1, 3], [-1, -2, -3])
    #expect(
      try Self.folded("ScatterElements", [Self.data, indices, updates], shape: [3, 3])
        == [0, -2, 2, -1, 4, 5, 6, 7, -3])
  }

  @Test func tilesConstants() throws {
    let data = TensorSpecification.floats("data", [1, 2], [1, 2])
    let repeats = TensorSpecification.integers("r", [2, 3])
    #expect(
      try Self.folded("Tile", [data, repeats], shape: [2, 6]) == [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2])
  }

  @Test func refusesIndicesOutsideTheConstant() {
    for bad in [3, -4, Int.max, Int.min] {
      let row = TensorSpecification.integers("i", [bad], shape: [1, 1])
      for operation in ["GatherElements", "GatherND"] {
        #expect(Self.reason(operation, [Self.data, row]).contains("outside 3 elements"))
      }
      let updates = TensorSpecification.floats("u", [1, 3], [1, 2, 3])
      #expect(Self.reason("ScatterND", [Self.data, row, updates]).contains("outside 3 elements"))
    }
    let deep = TensorSpecification.integers("i", [0, 0, 0], shape: [1, 3])
    #expect(Self.reason("GatherND", [Self.data, deep]).contains("do not fit"))
    let none = TensorSpecification.integers("i", [], shape: [0])
    #expect(Self.reason("GatherND", [Self.data, none]).contains("do not fit"))
    let many = TensorSpecification.integers("r", [1 << 40, 1 << 40])
    #expect(
      Self.reason("Tile", [Self.data, many]).contains("repeats")
        || Self.reason("Tile", [Self.data, many]).contains("larger"))
    let negative = TensorSpecification.integers("r", [-1, 1])
    #expect(Self.reason("Tile", [Self.data, negative]).contains("repeats"))
  }

  @Test func evaluatesFunctionsOfConstants() throws {
    let data = TensorSpecification.floats("data", [2], [-1, 4])
    #expect(try Self.folded("Relu", [data], shape: [2]) == [0, 4])
    let weights = TensorSpecification.floats("w", [2, 1], [10, 1])
    let row = TensorSpecification.floats("data", [1, 2], [-1, 4])
    #expect(try Self.folded("MatMul", [row, weights], shape: [1, 1]) == [-6])
  }

  @Test func gathersChannelsInAnyOrder() throws {
    let x = counting([1, 5, 2, 2])
    var model = ModelSpecification(input: [1, 5, 2, 2])
    model.initializers = [.integers("i", [3, 0, 1, 4, -4])]
    model.node("Gather", ["x", "i"], ["y"], [.integer("axis", 1)])
    let found = try outputs(try imported(model), x)[0]
    let expected = [3, 0, 1, 4, 1].flatMap { x.values[$0 * 4..<$0 * 4 + 4] }
    #expect(found.values == expected)
  }

  @Test func repeatsActivations() throws {
    let x = counting([1, 2, 1, 2])
    var model = ModelSpecification(input: [1, 2, 1, 2])
    model.initializers = [.integers("r", [1, 1, 3, 2])]
    model.node("Tile", ["x", "r"], ["y"])
    let tiled = try outputs(try imported(model), x)[0]
    #expect(tiled.shape == [1, 2, 3, 4])
    #expect(Array(tiled.values.prefix(4)) == Array(x.values[0..<2]) + Array(x.values[0..<2]))
    var expanding = ModelSpecification(input: [1, 2, 1, 2])
    expanding.initializers = [.integers("s", [2, 3, 1])]
    expanding.node("Expand", ["x", "s"], ["y"])
    let expanded = try outputs(try imported(expanding), x)[0]
    #expect(expanded.shape == [1, 2, 3, 2])
    #expect(
      Array(expanded.values.prefix(6)) == Array(x.values[0..<2]) + Array(x.values[0..<2]) + Array(x.values[0..<2]))
  }

  @Test func takesTheMeanOfOperands() throws {
    var model = ModelSpecification(input: [1, 2])
    model.initializers = [.floats("c", [2], [5, 8])]
    model.node("Mean", ["x", "c", "x"], ["y"])
    let found = try outputs(try imported(model), Tensor(shape: [1, 2], values: [2, 5]))[0]
    expectNear(found, Tensor(shape: [1, 2], values: [3, 6]))
  }

  @Test func addsAMatrixToAProduct() throws {
    var model = ModelSpecification(input: [2, 2])
    model.initializers = [.floats("w", [2, 2], [1, 2, 3, 4]), .floats("c", [2, 2], [10, 20, 30, 40])]
    model.node("Gemm", ["x", "w", "c"], ["y"], [.float("beta", 2)])
    let found = try outputs(try imported(model, batch: true), Tensor(shape: [2, 2], values: [1, 0, 0, 1]))[0]
    expectNear(found, Tensor(shape: [2, 2], values: [21, 42, 63, 84]))
  }
}
