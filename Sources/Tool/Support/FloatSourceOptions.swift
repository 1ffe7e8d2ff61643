import Architectures
import ArgumentParser
import Compiler
import Foundation
import Graph
import Importers

/// Where a float network comes from.
struct FloatSourceOptions: ParsableArguments {
  @Option(help: "MODEL is a checkpoint (.pth, .safetensors, .npz) of this architecture; `martlet list` prints them.")
  var architecture: String?

  /// Reads the network and simplifies it.
  /// - Throws: a sentence with the file, or the list of everything that cannot be imported.
  func load(_ path: String) throws -> Graph {
    var graph: Graph
    if let architecture {
      let checkpoint = try Checkpoint(contentsOf: path)
      graph = try Architectures.named(architecture).build()
      let report = graph.loadWeights(checkpoint.tensors)
      try report.requireAllLoaded(from: path)
      if !report.isComplete { note("\(report)") }
    } else {
      graph = try Self.importModel(path).graph
    }
    try clean(&graph)
    return graph
  }

  /// Reads a network file by what is in it, whatever its name.
  private static func importModel(_ path: String) throws -> ImportedModel {
    let isTFLite = (try? MappedFile(path)).map { $0.withBytes { TFLiteImporter.recognizes($0.prefix(8)) } } ?? false
    let model = isTFLite ? try TFLiteImporter.read(path) : try ONNXImporter.read(path)
    for text in model.notes { note(text) }
    return model
  }
}
