import Archives
import Foundation
import Graph
import Importers
import Testing

/// Cases that `tools/compare-onnxruntime` wrote: the float evaluation against ONNX Runtime's outputs.
@Suite struct ONNXReferenceTests {
  static let folder = ProcessInfo.processInfo.environment["MARTLET_ONNX_REFERENCE"]

  enum Outcome {
    case difference(absolute: Float, relative: Float)
    case unsupported(String)
    case failed(String)
  }

  @Test(.enabled(if: folder != nil, "tools/compare-onnxruntime sets MARTLET_ONNX_REFERENCE"))
  func agreesWithONNXRuntime() throws {
    let folder = URL(fileURLWithPath: try #require(Self.folder))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    var (passed, unsupported) = (0, 0)
    for name in names {
      switch try Self.outcome(folder.appendingPathComponent(name)) {
      case .difference(let absolute, let relative):
        #expect(relative <= 1e-4, "\(name): \(relative) relative")
        if relative <= 1e-4 { passed += 1 }
        print("\(relative <= 1e-4 ? "agrees" : "DIFFERS")  \(name)  absolute \(absolute)  relative \(relative)")
      case .unsupported(let reason):
        unsupported += 1
        print("unsupported  \(name)  \(reason)")
      case .failed(let reason):
        Issue.record("\(name): \(reason)")
        print("FAILED  \(name)  \(reason)")
      }
    }
    print(
      "\(passed) agree, \(unsupported) unsupported, \(names.count - passed - unsupported) differ, of \(names.count)")
  }

  static func outcome(_ folder: URL) throws -> Outcome {
    let path = try String(contentsOf: folder.appendingPathComponent("model.txt"), encoding: .utf8)
    let model: ImportedModel
    var options = ONNXImporter.Options()
    options.requiresBatchOne = false
    do {
      model = try ONNXImporter.read(path, options: options)
    } catch {
      let reasons = error.problems.map { "\($0.operation): \($0.reason)" }
      return .unsupported(reasons.first ?? error.summary)
    }
    var inputs: [Tensor] = []
    for (index, layout) in model.inputs.enumerated() {
      let array = try load(folder.appendingPathComponent("input_\(index).npy"))
      guard let tensor = layout.graphTensor(array) else {
        return .failed("input \(layout.name) of shape \(layout.sourceShape) was given \(array.shape)")
      }
      inputs.append(tensor)
    }
    let transposes = model.graph.nodes.filter { $0.operation is Transpose }.count
    if transposes > 0 { print("  \(folder.lastPathComponent): \(transposes) transposes remain") }
    let results = try Evaluator(model.graph).run(inputs)
    var (absolute, largest): (Float, Float) = (0, 0)
    for (index, layout) in model.outputs.enumerated() {
      let expected = try load(folder.appendingPathComponent("output_\(index).npy"))
      guard let result = layout.sourceTensor(results[index]), result.shape == expected.shape else {
        return .failed("output \(layout.name) has the shape \(layout.sourceShape), not \(expected.shape)")
      }
      for (one, other) in zip(result.values, expected.values) {
        absolute = max(absolute, one == other ? 0 : (one - other).isNaN ? .infinity : abs(one - other))
        largest = max(largest, abs(other))
      }
    }
    return .difference(absolute: absolute, relative: absolute / max(largest, .leastNormalMagnitude))
  }

  private static func load(_ url: URL) throws -> Tensor {
    let array = try NumpyArray(contentsOf: url.path)
    return Tensor(shape: array.shape, values: array.floats())
  }
}
