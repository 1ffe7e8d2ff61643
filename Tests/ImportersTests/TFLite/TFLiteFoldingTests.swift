import Foundation
import Graph
import Testing

@testable import Importers

/// Operators of constants are evaluated while the model is imported.
@Suite struct TFLiteFoldingTests {
  /// A shape that the model computes from its input's: [batch, rows · columns, channels].
  @Test func computedShapes() throws {
    var model = TFLiteSpecification()
    let x = model.tensor("x", [1, 2, 3, 4])
    let shape = model.tensor("shape", [4], .int32)
    model.apply("SHAPE", [x], [shape])
    func number(_ name: String) -> Int { model.tensor(name, [], .int32) }
    func scalar(_ name: String, _ value: Int) -> Int { model.integers(name, [value], shape: []) }
    let (rows, columns, product, channels) = (number("r"), number("c"), number("p"), number("k"))
    model.apply("GATHER", [shape, scalar("1", 1)], [rows])
    let unpacked = [number("u0"), number("u1"), columns, channels]
    model.apply("UNPACK", [shape], unpacked, [0: .integer(4)])
    model.apply("MUL", [rows, columns], [product])
    let packed = model.tensor("packed", [3], .int32)
    model.apply("PACK", [scalar("one", 1), product, channels], [packed])
    let wide = model.tensor("wide", [3], .int64)
    model.apply("CAST", [packed], [wide])
    let y = model.tensor("y", [1, 6, 4])
    model.apply("RESHAPE", [x, wide], [y])
    (model.inputs, model.outputs) = ([x], [y])
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    #expect(graph.nodes.map { $0.operation.kind } == ["Reshape"])
    #expect(graph[graph.outputs[0]].shape == [1, 6, 4])
  }

  @Test func filledRangesAndDivisions() throws {
    var model = TFLiteSpecification()
    let (x, y) = (model.tensor("x", [1, 5]), model.tensor("y", [1, 4]))
    func scalar(_ name: String, _ value: Int) -> Int { model.integers(name, [value], shape: []) }
    let places = model.tensor("places", [4], .int32)
    let half = model.tensor("half", [], .int32)
    // −7 ÷ 2 rounded down is −4, toward 0 −3.
    model.apply("FLOOR_DIV", [scalar("a", -7), scalar("b", 2)], [half])
    let begin = model.tensor("begin", [], .int32)
    model.apply("NEG", [half], [begin])
    model.apply("RANGE", [begin, scalar("end", 0), scalar("step", -1)], [places])
    let picked = model.tensor("picked", [1, 4])
    model.apply("GATHER", [x, places], [picked], [0: .integer(1)])
    let shape = model.integers("shape", [1])
    let two = model.tensor("two", [1])
    model.apply("FILL", [shape, model.floats("2", [], [2])], [two])
    model.apply("MUL", [picked, two], [y])
    (model.inputs, model.outputs) = ([x], [y])
    #expect(try tfliteEvaluate(model, [1, 2, 3, 4, 5])[0] == [10, 8, 6, 4])
  }

  /// Weights that are stored the other way round, with their scale.
  @Test func transposedWeightsKeepTheirBytes() throws {
    var model = TFLiteSpecification()
    let x = model.tensor("x", [1, 2], .int8, scales: [0.5])
    let y = model.tensor("y", [1, 3], .int8, scales: [0.5])
    let stored = model.tensor("stored", [2, 3], .int8, scales: [0.25], data: [1, 2, 3, 0xff, 0xfe, 0xfd])
    let turned = model.tensor("turned", [3, 2], .int8, scales: [0.25])
    model.apply("TRANSPOSE", [stored, model.integers("p", [1, 0])], [turned])
    model.apply("FULLY_CONNECTED", [x, turned, -1], [y])
    (model.inputs, model.outputs) = ([x], [y])
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    let exact = try #require(graph[graph.nodes[0].inputs[1]].quantizedWeights)
    #expect(exact.values == [1, -1, 2, -2, 3, -3])
    #expect(exact.scales == [0.25, 0.25, 0.25])
  }

  @Test func hugeFillsAndRangesAreRefused() throws {
    for (kind, constants) in [("FILL", [1 << 30, 7]), ("RANGE", [0, 1 << 30, 1]), ("RANGE", [0, 5, 0])] {
      var model = TFLiteSpecification()
      let (x, y) = (model.tensor("x", [1, 4]), model.tensor("y", [1, 4]))
      let list = model.tensor("list", [4], .int32)
      model.apply(
        kind, constants.enumerated().map { model.integers("\($0)", [$1], shape: kind == "FILL" && $0 == 0 ? [1] : []) },
        [list])
      model.apply("GATHER", [x, list], [y], [0: .integer(1)])
      (model.inputs, model.outputs) = ([x], [y])
      #expect(tfliteError(model.encoded)?.problems.first?.operation == kind)
    }
  }
}
