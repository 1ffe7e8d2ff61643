import Architectures
import ArgumentParser
import Graph

/// `martlet architectures`.
struct ListArchitectures: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "architectures",
    abstract: "Prints the networks that can be built by name: parameters, multiply-accumulates, input.",
    discussion: """
      Parameters are weights, biases, and scales and shifts of normalizations.
      Example: martlet architectures resnet-18 mobilenetv2
      """)

  @Argument(
    help: "Names; without any, all architectures.", completion: .list(Architectures.all.map(\.name)))
  var names: [String] = []

  @OptionGroup var output: OutputOptions

  private struct Row: Encodable {
    let name: String
    let aliases: [String]
    let input: [Int]
    let classes: Int
    let parameters: Int
    /// Of what the published number counts: with running statistics or training parts, if it counts them.
    let comparableParameters: Int
    let publishedParameters: Int?
    let publishedSource: String?
    let macs: Int
  }

  func run() throws {
    let chosen = try names.isEmpty ? Architectures.all : names.map { try Architectures.named($0) }
    let rows = try chosen.map(Self.row)
    try output.emit(rows) {
      var table = Table("parameters", "MACs", "input", "name")
      for row in rows {
        table.add(row.parameters.grouped, row.macs.grouped, row.input.map(String.init).joined(separator: "×"), row.name)
      }
      table.print()
    }
  }

  private static func row(_ architecture: any Architecture) throws -> Row {
    let graph = try architecture.outline()
    let published = architecture.published
    let compared =
      published?.isOfTrainingForm == true
      ? try architecture.build(ArchitectureOptions(weights: .absent, forTraining: true)) : graph
    return Row(
      name: architecture.name, aliases: architecture.aliases,
      input: Array(graph[graph.inputs[0]].shape.dropFirst()), classes: architecture.classes,
      parameters: graph.trainableCount,
      comparableParameters: compared.trainableCount
        + (published?.countsStatistics == true ? compared.statisticCount : 0),
      publishedParameters: published?.count, publishedSource: published?.source, macs: graph.layerMACs)
  }
}

extension Graph {
  /// Multiply-accumulates of one evaluation, without those of normalizations, which conversion folds into the layers
  /// before them.
  fileprivate var layerMACs: Int {
    nodes.reduce(0) { sum, node in
      guard !(node.operation is BatchNormalization) else { return sum }
      return sum + node.operation.macs(inputs: node.inputs.map { self[$0].shape }, output: self[node.outputs[0]].shape)
    }
  }
}
