import Architectures
import Compiler
import Datasets
import Graph

/// An architecture with random weights: as large, as fast and as exact as a trained one, but it has learned nothing.
struct UntrainedNetwork {
  /// With the statistics of its normalizations measured on random inputs, so that signals keep their size.
  let graph: Graph
  /// Random inputs.
  let inputs: [Tensor]
  /// For the packed file's provenance.
  let source: String
  private let architecture: any Architecture

  /// Builds it.
  /// - Throws: a sentence when there is no such architecture, or the options do not fit it.
  init(_ name: String, options: ArchitectureOptions, inputCount: Int) throws {
    architecture = try Architectures.named(name)
    var graph = try architecture.build(options)
    inputs = architecture.randomInputs(
      max(2, inputCount), shape: graph[graph.inputs[0]].shape, seed: options.seed &+ 1)
    try graph.measureStatistics(on: Array(inputs.prefix(4)))
    self.graph = graph
    source = "\(architecture.name), untrained: random weights of seed \(options.seed)"
  }

  /// How a picture becomes the input, by the architecture's own rules; nil when the input is no picture.
  func preprocessing() throws -> Preprocessing? {
    let shape = graph[graph.inputs[0]].shape
    guard shape.count == 4, shape[1] > 1, shape[3] == 1 || shape[3] == 3 else { return nil }
    var rules = try Preprocessing(
      width: shape[2], height: shape[1], channels: shape[3],
      resizeRule: try Preprocessing.rule(
        cropFraction: Double(architecture.preprocessing.cropFraction), width: shape[2], height: shape[1]))
    rules.mean = architecture.preprocessing.mean
    rules.standardDeviation = architecture.preprocessing.standardDeviation
    try rules.check()
    return rules
  }
}
