import Graph
import Testing

@testable import Importers

/// Numbers that repeat from seed to seed.
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_f491_4f6c_dd1d
  }

  mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float.random(in: -1...1, using: &self) }
  }
}

/// A tensor whose elements all differ.
func counting(_ shape: [Int]) -> Tensor {
  let count = shape.reduce(1, *)
  return Tensor(shape: shape, values: (0..<count).map { Float($0 % 97) / 16 - 3 + Float($0) / 1024 })
}

/// The import of a model that must succeed.
func imported(
  _ model: ModelSpecification, batch: Bool = false, shapes: [String: [Int]] = [:]
) throws -> ImportedModel {
  var options = ONNXImporter.Options()
  options.requiresBatchOne = !batch
  options.inputShapes = shapes
  return try ONNXImporter.read(model.encoded, name: "test.onnx", options: options)
}

/// The outputs, in the source's layout, of a model with one input.
func outputs(_ model: ImportedModel, _ inputs: Tensor...) throws -> [Tensor] {
  var given: [Tensor] = []
  for (layout, tensor) in zip(model.inputs, inputs) { given.append(try #require(layout.graphTensor(tensor))) }
  let results = try Evaluator(model.graph, workers: Workers(count: 1)).run(given)
  return try zip(model.outputs, results).map { layout, result in try #require(layout.sourceTensor(result)) }
}

/// The error of an import that must fail.
func importError(_ bytes: [UInt8], options: ONNXImporter.Options = .init()) -> ImportError? {
  do throws(ImportError) {
    _ = try ONNXImporter.read(bytes, name: "test.onnx", options: options)
    return nil
  } catch {
    return error
  }
}

/// How many nodes of a kind a graph has.
func count(_ kind: String, in model: ImportedModel) -> Int {
  model.graph.nodes.filter { $0.operation.kind == kind }.count
}

/// Elementwise nearness.
func expectNear(
  _ result: Tensor, _ expected: Tensor, tolerance: Float = 1e-5, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(result.shape == expected.shape, sourceLocation: sourceLocation)
  guard result.shape == expected.shape else { return }
  let largest = zip(result.values, expected.values).map { abs($0 - $1) }.max() ?? 0
  #expect(largest <= tolerance, sourceLocation: sourceLocation)
}
