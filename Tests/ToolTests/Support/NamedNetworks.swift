import Architectures
import Foundation
import Graph
import Importers

@testable import Compiler

/// The networks that people know by name: those of Architectures, and the files in the test data.
enum NamedNetworks {
  /// A few of each kind; all with MARTLET_ALL_NETWORKS=1 (tools/memory-evidence), which takes an optimized build.
  static var chosen: [String] { isComplete ? all : files.filter { !isLarge($0) } + ["LeNet-5", "ResNet8-CIFAR"] }

  /// Those, and more whose plans alone are made: of each family the ones that take little time to build and to plan.
  static var planned: [String] {
    let quick = [
      "NiN-CIFAR", "ResNet20-CIFAR", "SqueezeNet-1.1", "SqueezeNet-1.1-SimpleBypass", "MobileNetV1-0.25",
      "ShuffleNet-g8", "EEGNet-8,2",
    ]
    return isComplete ? all : chosen + quick
  }

  static var isComplete: Bool { ProcessInfo.processInfo.environment["MARTLET_ALL_NETWORKS"] == "1" }

  /// All, or some that the environment names: MARTLET_NETWORKS_ONLY a list with commas between, MARTLET_NETWORKS_FROM the first
  /// of the rest.
  private static var all: [String] {
    let environment = ProcessInfo.processInfo.environment
    let names = Architectures.all.map(\.name) + files
    let first = environment["MARTLET_NETWORKS_FROM"] ?? ""
    let rest = first.isEmpty ? names[...] : names.drop { $0 != first }
    guard let only = environment["MARTLET_NETWORKS_ONLY"], !only.isEmpty else { return Array(rest) }
    let wanted = only.split(separator: ",").map(String.init)
    return rest.filter(wanted.contains)
  }

  /// Says how far a run of all networks is, so that the next one can begin there.
  static func report(_ name: String, _ what: String) {
    if isComplete { FileHandle.standardError.write(Data("\(name): \(what)\n".utf8)) }
  }

  private static var files: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: TestData.path("models"))) ?? []
    return names.filter { $0.hasSuffix(".onnx") || $0.hasSuffix(".tflite") }.sorted()
  }

  /// Files over a megabyte take long without optimization.
  private static func isLarge(_ name: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: TestData.path("models/\(name)"))
    return (attributes?[.size] as? Int ?? 0) > 1 << 20
  }

  /// Plans of a network whose answer says something: where values are multiplied by gates, ranges are measured on random
  /// inputs, as the values would fade under assumed ones.
  static func planner(_ name: String) throws -> MemoryPlanner {
    let graph = try graph(name)
    guard !graph.isQuantized, graph.nodes.contains(where: { $0.operation is Multiply }) else {
      return try MemoryPlanner(graph)
    }
    var random = SplitMix64(seed: 7)
    let inputs = graph.inputs.map { input in
      let shape = graph[input].shape
      return Tensor(shape: shape, values: (0..<shape.reduce(1, *)).map { _ in Float(random.below(2001)) / 1000 - 1 })
    }
    return try MemoryPlanner(graph, calibratedOn: CalibrationData(count: 1) { _ in inputs })
  }

  static func graph(_ name: String) throws -> Graph {
    if name.hasSuffix(".onnx") { return try ONNXImporter.read(TestData.path("models/\(name)")).graph }
    if name.hasSuffix(".tflite") { return try TFLiteImporter.read(TestData.path("models/\(name)")).graph }
    return try Architectures.named(name).build()
  }
}
