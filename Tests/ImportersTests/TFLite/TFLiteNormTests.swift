import Graph
import Testing

@testable import Importers

/// TFLite's norms, against results worked out here.
@Suite struct TFLiteNormTests {
  private func evaluate(
    _ kind: String, _ input: [Float], shape: [Int], to output: [Int], _ options: [Int: FlatField]
  ) throws -> [Float] {
    var model = TFLiteSpecification()
    let (x, y) = (model.tensor("x", shape), model.tensor("y", output))
    model.apply(kind, [x], [y], options)
    (model.inputs, model.outputs) = ([x], [y])
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    return try graph.evaluate(inputs: [Tensor(shape: shape, values: input)], workers: Workers(count: 1))[0].values
  }

  @Test func l2Normalization() throws {
    #expect(
      try evaluate("L2_NORMALIZATION", [3, 4, 0, 0, 0, -2], shape: [1, 3, 2], to: [1, 3, 2], [:])
        == [0.6, 0.8, 0, 0, 0, -1])
  }

  /// SAME padding of two pixels at a stride of 2: the last window holds one pixel.
  @Test func l2PoolingIsTheRootOfTheMeanInsideTheImage() throws {
    let result = try evaluate(
      "L2_POOL_2D", [1, 7, 5], shape: [1, 1, 3, 1], to: [1, 1, 2, 1],
      [0: .byte(0), 1: .integer(2), 2: .integer(2), 3: .integer(2), 4: .integer(1)])
    #expect(result == [5, 5])
  }

  @Test func localResponseNormalization() throws {
    let result = try evaluate(
      "LOCAL_RESPONSE_NORMALIZATION", [1, 2, 3, 4], shape: [1, 1, 1, 4], to: [1, 1, 1, 4],
      [0: .integer(1), 1: .float(1), 2: .float(3), 3: .float(0.5)])
    #expect(result == [1 / 4, 2 / Float(43).squareRoot(), 3 / Float(88).squareRoot(), 4 / Float(76).squareRoot()])
  }
}
