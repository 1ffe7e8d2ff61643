import Architectures
import ArgumentParser
import Compiler
import Foundation
import Graph
import Importers

/// Where a float network comes from.
struct FloatSourceOptions: ParsableArguments {
  @Option(
    help: """
      MODEL is a checkpoint (.pth, .safetensors, .npz) of this architecture; `martlet architectures` prints them.
      """, completion: .list(Architectures.all.map(\.name)))
  var architecture: String?

  @Option(
    help: "Height and width that the architecture is built for: N or HEIGHTxWIDTH; a signal's length.",
    transform: InputSize.init(parsing:))
  var inputSize: InputSize?

  @Option(help: "Classes that the architecture is built for.")
  var classes: Int?

  @Option(help: "Hidden channels of the architecture, relative to its design.")
  var width: Double?

  func validate() throws {
    guard architecture != nil || (inputSize == nil && classes == nil && width == nil) else {
      throw ValidationError("--input-size, --classes and --width build an architecture: name one with --architecture.")
    }
  }

  private var size: Size2D? { architectureIsSignal ? inputSize?.signal : inputSize?.picture }

  private var architectureIsSignal: Bool {
    guard let architecture, let known = try? Architectures.named(architecture) else { return false }
    return known.inputSize.height == 1
  }

  /// What the architecture is built as.
  func options(seed: UInt64 = 0) -> ArchitectureOptions {
    ArchitectureOptions(inputSize: size, classes: classes, width: width ?? 1, seed: seed)
  }

  /// Reads the network and simplifies it. What quantization-aware training left comes quantized.
  /// - Throws: a sentence with the file, or the list of everything that cannot be imported.
  func load(_ path: String) throws -> Graph {
    var graph: Graph
    if let architecture {
      let checkpoint = try Checkpoint(contentsOf: path)
      if let record = try QuantizationRecord(checkpoint.metadata, from: path) {
        let known = try Architectures.named(architecture)
        let wanted = QuantizationRecord.Design(known, options())
        return try record.network(checkpoint, wanted, from: path)
      }
      graph = try Architectures.named(architecture).build(options())
      let report = graph.loadWeights(TrainingCheckpoint.weights(of: checkpoint))
      try report.requireAllLoaded(from: path)
      if !report.isComplete { note("\(report)") }
    } else {
      graph = try Self.importNetwork(path)
    }
    try clean(&graph)
    return graph
  }

  /// Reads a network file as it is.
  static func importNetwork(_ path: String) throws -> Graph { try importModel(path).graph }

  /// Reads a network file by what is in it, whatever its name.
  private static func importModel(_ path: String) throws -> ImportedModel {
    guard !MappedFile.isPackedModel(path) else {
      throw ToolError(
        "\(path) is a packed model, where a network in ONNX or TFLite is needed: give the one that it was made of. "
          + "martlet inspect, run, bench and eval read packed ones.")
    }
    let isTFLite = (try? MappedFile(path)).map { $0.withBytes { TFLiteImporter.recognizes($0.prefix(8)) } } ?? false
    let model = isTFLite ? try TFLiteImporter.read(path) : try ONNXImporter.read(path)
    for text in model.notes { note(text) }
    return model
  }
}
