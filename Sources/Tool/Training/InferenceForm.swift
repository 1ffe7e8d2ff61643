import Architectures
import Graph

/// A network without what only training needs, to be filled with the weights of its training form.
struct InferenceForm {
  private let plain: Graph

  init(_ known: any Architecture, _ options: ArchitectureOptions) throws {
    var options = options
    options.forTraining = false
    options.weights = .random
    plain = try known.build(options)
  }

  /// With the weights of `trained`.
  func filled(from trained: Graph) throws -> Graph {
    guard trained.outputs.count > 1 else { return trained }
    var network = plain
    try network.loadWeights(trained.checkpoint).requireAllLoaded(from: trained.name)
    return network
  }
}
