import Archives
import Compiler
import Foundation
import Graph
import Importers
import Testing

/// Cases that `tools/compare-litert` wrote: float networks in float, int8 networks packed, against LiteRT's outputs.
@Suite struct LiteRTReferenceTests {
  static let folder = ProcessInfo.processInfo.environment["MARTLET_LITERT_REFERENCE"]

  /// What was counted over the inputs of one case.
  struct Count: Encodable {
    var name: String
    var problem: String?
    /// Largest |difference| ÷ largest |value| of a float network.
    var relative: Float?
    /// A float network of int8 weights: LiteRT also rounds its activations, to int8 at each layer.
    var isHybrid = false
    /// Output bytes of an int8 network.
    var bytes = 0
    var differing = 0
    var largestStep = 0
  }

  @Test(.enabled(if: folder != nil, "tools/compare-litert sets MARTLET_LITERT_REFERENCE"))
  func agreesWithLiteRT() throws {
    let folder = URL(fileURLWithPath: try #require(Self.folder))
    var counts: [Count] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
      let place = folder.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: place.appendingPathComponent("model.tflite").path) else { continue }
      do {
        counts.append(try Self.count(place, name))
      } catch {
        counts.append(Count(name: name, problem: "\(error)"))
      }
    }
    for count in counts where !count.isHybrid {
      if let relative = count.relative { #expect(relative <= 1e-4, "\(count.name)") }
    }
    try JSONEncoder().encode(counts).write(to: folder.appendingPathComponent("counts.json"))
  }

  static func count(_ folder: URL, _ name: String) throws -> Count {
    let model = try TFLiteImporter.read(folder.appendingPathComponent("model.tflite").path)
    let graph = model.graph
    let inputs = try graph.inputs.indices.map { try NumpyArray(contentsOf: path(folder, "input", $0)).floats() }
    let expected = try graph.outputs.indices.map { try NumpyArray(contentsOf: path(folder, "output", $0)).floats() }
    var count = Count(name: name)
    count.isHybrid = FileManager.default.fileExists(atPath: folder.appendingPathComponent("hybrid").path)
    let run = try runner(graph)
    var (largest, difference): (Float, Float) = (0, 0)
    for example in 0..<inputs[0].count / graph[graph.inputs[0]].shape.reduce(1, *) {
      let given = zip(graph.inputs, inputs).map { id, array in
        part(array, example, graph[id]) { rule, value in rule.real(Int8(value)) }
      }
      let results = try run(given)
      for ((id, array), result) in zip(zip(graph.outputs, expected), results) {
        let wanted = part(array, example, graph[id]) { _, value in value }
        for (one, other) in zip(result.values, wanted.values) {
          guard let rule = graph.isQuantized ? graph[id].quantization : nil else {
            largest = max(largest, abs(other))
            difference = max(difference, abs(one - other))
            continue
          }
          let step = abs(Int(rule.quantize(one)) - Int(other))
          count.bytes += 1
          count.differing += step == 0 ? 0 : 1
          count.largestStep = max(count.largestStep, step)
        }
      }
    }
    if !graph.isQuantized { count.relative = difference / max(largest, .leastNormalMagnitude) }
    return count
  }

  private static func runner(_ graph: Graph) throws -> ([Tensor]) throws -> [Tensor] {
    guard graph.isQuantized else {
      let evaluator = Evaluator(graph)
      return { try evaluator.run($0) }
    }
    let runner = try ModelRunner(try compileQuantized(graph).bytes)
    return { try runner.run($0) }
  }

  /// One example of a stacked array; int8 values become real ones by `real`.
  private static func part(
    _ array: [Float], _ example: Int, _ value: Value, real: (Quantization, Float) -> Float
  ) -> Tensor {
    let size = value.shape.reduce(1, *)
    let values = Array(array[example * size..<(example + 1) * size])
    return Tensor(
      shape: value.shape, values: value.quantization.map { rule in values.map { real(rule, $0) } } ?? values)
  }

  private static func path(_ folder: URL, _ kind: String, _ index: Int) -> String {
    folder.appendingPathComponent("\(kind)_\(index).npy").path
  }
}
