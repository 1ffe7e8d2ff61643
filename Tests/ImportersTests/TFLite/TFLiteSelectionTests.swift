import Graph
import Testing

@testable import Importers

/// Places, borders and sizes, against results worked out here.
@Suite struct TFLiteSelectionTests {
  private func evaluate(
    _ kind: String, _ input: Tensor, constant: [Int], constantShape: [Int]? = nil, outputs shapes: [[Int]],
    _ options: [Int: FlatField] = [:]
  ) throws -> [Tensor] {
    var model = TFLiteSpecification()
    let x = model.tensor("x", input.shape)
    let results = shapes.enumerated().map {
      model.tensor("y\($0)", $1, kind == "TOPK_V2" && $0 == 1 ? .int32 : .float32)
    }
    let list = model.integers("list", constant, shape: constantShape)
    model.apply(kind, [x, list], results, options)
    (model.inputs, model.outputs) = ([x], results)
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    return try graph.evaluate(inputs: [input], workers: Workers(count: 1))
  }

  private let x = Tensor(shape: [1, 2, 3], values: [3, 1, 2, 0, 5, 5])

  @Test func places() throws {
    #expect(
      try evaluate("ARG_MAX", x, constant: [-1], outputs: [[1, 2]])[0] == Tensor(shape: [1, 2], values: [0, 1]))
    #expect(try evaluate("ARG_MIN", x, constant: [2], outputs: [[1, 2]])[0] == Tensor(shape: [1, 2], values: [1, 0]))
    #expect(
      try evaluate("ARG_MAX", x, constant: [1], outputs: [[1, 3]])[0] == Tensor(shape: [1, 3], values: [0, 1, 1]))
  }

  @Test func topK() throws {
    let results = try evaluate("TOPK_V2", x, constant: [2], outputs: [[1, 2, 2], [1, 2, 2]])
    #expect(results[0] == Tensor(shape: [1, 2, 2], values: [3, 2, 5, 5]))
    #expect(results[1] == Tensor(shape: [1, 2, 2], values: [0, 2, 1, 2]))
  }

  @Test func placesOfAQuantizedNetworkAreIntegers() throws {
    var model = TFLiteSpecification()
    let x = model.tensor("x", [1, 5], .int8, scales: [0.5], zeroPoint: 3)
    let y = model.tensor("y", [1], .int32)
    model.apply("ARG_MAX", [x, model.integers("axis", [1])], [y])
    (model.inputs, model.outputs) = ([x], [y])
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    #expect(graph.isQuantized)
    #expect(graph[graph.outputs[0]].quantization == Quantization(scale: 1, zeroPoint: 0, element: .int32))
  }

  @Test(arguments: [0, 1]) func mirrors(mode: Int) throws {
    let row = Tensor(shape: [1, 1, 3, 1], values: [1, 2, 3])
    let result = try evaluate(
      "MIRROR_PAD", row, constant: [0, 0, 0, 0, 2, 1, 0, 0], constantShape: [4, 2], outputs: [[1, 1, 6, 1]],
      [0: .byte(mode)])
    #expect(result[0].values == (mode == 0 ? [3, 2, 1, 2, 3, 2] : [2, 1, 1, 2, 3, 3]))
  }

  @Test func sizes() throws {
    let row = Tensor(shape: [1, 1, 2, 1], values: [0, 8])
    func resized(_ kind: String, _ options: [Int: FlatField]) throws -> [Float] {
      try evaluate(kind, row, constant: [1, 4], outputs: [[1, 1, 4, 1]], options)[0].values
    }
    #expect(try resized("RESIZE_BILINEAR", [:]) == [0, 4, 8, 8])
    #expect(try resized("RESIZE_BILINEAR", [3: .byte(1)]) == [0, 2, 6, 8])
    let aligned = try resized("RESIZE_BILINEAR", [2: .byte(1)])
    #expect(zip(aligned, [0, 8.0 / 3, 16.0 / 3, 8]).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(try resized("RESIZE_NEAREST_NEIGHBOR", [:]) == [0, 0, 8, 8])
    #expect(try resized("RESIZE_NEAREST_NEIGHBOR", [0: .byte(1)]) == [0, 0, 8, 8])
    #expect(throws: ImportError.self) { try resized("RESIZE_BILINEAR", [2: .byte(1), 3: .byte(1)]) }
  }

  /// Places that a division by the scale would round to the pixel before or behind.
  @Test func placesAreMultipliedAsTFLiteDoes() throws {
    for (from, to) in [(2, 82), (4, 94), (3, 123), (20, 6)] {
      let row = Tensor(shape: [1, 1, from, 1], values: (0..<from).map(Float.init))
      let result = try evaluate("RESIZE_NEAREST_NEIGHBOR", row, constant: [1, to], outputs: [[1, 1, to, 1]])[0]
      let scale = Float(from) / Float(to)
      #expect(result.values == (0..<to).map { min(Float(from - 1), (Float($0) * scale).rounded(.down)) })
    }
  }
}
