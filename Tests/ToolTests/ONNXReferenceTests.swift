import Archives
import Compiler
import Foundation
import Graph
import Importers
import Testing

/// Cases that `tools/compare-onnxruntime` wrote: float networks in float, quantized ones packed, against ONNX Runtime's
/// outputs.
@Suite struct ONNXReferenceTests {
  static let folder = ProcessInfo.processInfo.environment["MARTLET_ONNX_REFERENCE"]

  /// What was counted over the examples of one case.
  struct Count: Encodable {
    var name: String
    /// Why the network cannot be imported or packed.
    var unsupported: String?
    /// What went wrong in another way.
    var failure: String?
    var examples = 0
    /// Of a float network: largest |difference|, and that ÷ largest |value|.
    var absolute: Float?
    var relative: Float?
    /// Output values of a quantized network, those that differ, and by how many steps of the output's scale at most.
    var isQuantized = false
    var values = 0
    var differing = 0
    var largestStep = 0
    /// Examples whose largest first-output value has the same place.
    var sameTop1 = 0
    /// What the import says could not be taken over exactly.
    var notes: [String] = []
  }

  @Test(.enabled(if: folder != nil, "tools/compare-onnxruntime sets MARTLET_ONNX_REFERENCE"))
  func agreesWithONNXRuntime() throws {
    let folder = URL(fileURLWithPath: try #require(Self.folder))
    var counts: [Count] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
      let place = folder.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: place.appendingPathComponent("model.txt").path) else { continue }
      var count = Count(name: name)
      do {
        try Self.compare(place, &count)
      } catch let error as ImportError {
        let reasons = error.problems.map { "\($0.operation): \($0.reason)" }
        count.unsupported = reasons.first ?? error.summary
      } catch let error as GraphError {
        count.unsupported = error.description
      } catch {
        count.failure = "\(error)"
      }
      counts.append(count)
    }
    for count in counts {
      #expect(count.failure == nil, "\(count.name)")
      if let relative = count.relative { #expect(relative <= 1e-4, "\(count.name)") }
    }
    try JSONEncoder().encode(counts).write(to: folder.appendingPathComponent("counts.json"))
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  static func compare(_ folder: URL, _ count: inout Count) throws {
    let path = try String(contentsOf: folder.appendingPathComponent("model.txt"), encoding: .utf8)
    var options = ONNXImporter.Options()
    options.requiresBatchOne = false
    let model = try ONNXImporter.read(path, options: options)
    count.notes = model.notes
    count.isQuantized = model.graph.isQuantized
    let inputs = try model.inputs.indices.map { try load(folder, "input", $0) }
    let expected = try model.outputs.indices.map { try load(folder, "output", $0) }
    guard let first = inputs.first else { throw Failure(description: "the case has no inputs") }
    let run = try runner(model.graph)
    count.examples = first.shape.first ?? 0
    var (absolute, largest): (Float, Float) = (0, 0)
    for example in 0..<count.examples {
      let given = try zip(model.inputs, inputs).enumerated().map { index, pair in
        let tensor = try part(pair.1, example, pair.0.sourceShape)
        guard let stored = pair.0.graphTensor(reals(tensor, model.graph.inputs[index], model, pair.0)) else {
          throw Failure(description: "input \(pair.0.name) has another shape than \(pair.0.sourceShape)")
        }
        return stored
      }
      for (index, result) in try run(given).enumerated() {
        let layout = model.outputs[index]
        let shaped = Tensor(shape: layout.graphShape, values: result.values)
        guard result.count == layout.graphShape.reduce(1, *), let found = layout.sourceTensor(shaped) else {
          throw Failure(description: "output \(layout.name) has \(result.count) values")
        }
        let id = model.graph.outputs[index]
        let wanted = reals(try part(expected[index], example, layout.sourceShape), id, model, layout)
        if index == 0, found.indexOfLargest == wanted.indexOfLargest { count.sameTop1 += 1 }
        for (one, other) in zip(found.values, wanted.values) {
          largest = max(largest, abs(other))
          absolute = max(absolute, one == other ? 0 : (one - other).isNaN ? .infinity : abs(one - other))
          guard count.isQuantized, let rule = model.graph[id].quantization else { continue }
          let step = abs(Int(rule.quantize(one)) - Int(rule.quantize(other)))
          count.values += 1
          count.differing += step == 0 ? 0 : 1
          count.largestStep = max(count.largestStep, step)
        }
      }
    }
    if !count.isQuantized {
      (count.absolute, count.relative) = (absolute, absolute / max(largest, .leastNormalMagnitude))
    }
  }

  private static func runner(_ graph: Graph) throws -> ([Tensor]) throws -> [Tensor] {
    guard graph.isQuantized, !graph.nodes.isEmpty else {
      let evaluator = Evaluator(graph)
      return { try evaluator.run($0) }
    }
    let runner = try ModelRunner(try compileQuantized(graph).bytes)
    return { try runner.run($0) }
  }

  /// The file's integers as the real numbers that they stand for.
  private static func reals(
    _ tensor: Tensor, _ id: ValueID, _ model: ImportedModel, _ layout: SourceLayout
  ) -> Tensor {
    guard let code = layout.integers, let rule = model.graph[id].quantization else { return tensor }
    let offset: Float = code == .uint8 ? 128 : 0
    return Tensor(
      shape: tensor.shape, values: tensor.values.map { rule.scale * ($0 - offset - Float(rule.zeroPoint)) })
  }

  /// One example of a stacked array.
  private static func part(_ array: Tensor, _ example: Int, _ shape: [Int]) throws -> Tensor {
    let size = shape.reduce(1, *)
    guard Array(array.shape.dropFirst()) == shape else {
      throw Failure(description: "a value has the shape \(shape), not \(array.shape.dropFirst())")
    }
    return Tensor(shape: shape, values: Array(array.values[example * size..<(example + 1) * size]))
  }

  private static func load(_ folder: URL, _ kind: String, _ index: Int) throws -> Tensor {
    let array = try NumpyArray(contentsOf: folder.appendingPathComponent("\(kind)_\(index).npy").path)
    return Tensor(shape: array.shape, values: array.floats())
  }
}
