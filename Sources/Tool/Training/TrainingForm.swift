import Architectures
import Datasets
import Graph
import Importers
import Training

/// What a run trains and what it leaves: a float network, or the simulation of a packed one.
protocol TrainingForm {
  /// What is trained, with its weights.
  var network: Graph { get }
  /// Texts that go into the written files.
  func metadata() throws -> [String: String]
  /// All that a checkpoint must have of a network that was trained.
  func weights(of trained: Graph) throws -> [(name: String, tensor: Tensor)]
  /// The network to test and to use, for one image.
  func inferenceNetwork(of trained: Graph) throws -> Graph
  /// The tensors to write of it.
  func tensors(ofInference network: Graph) throws -> [(name: String, tensor: Tensor)]
  /// Called before each epoch but the first: whether `network` has changed, so that training must go on with that.
  mutating func beginEpoch(_ trained: Graph) throws -> Bool
}

/// Float training, with what only training needs.
struct FloatForm: TrainingForm {
  private(set) var network: Graph
  /// Without what only training needs.
  private let plain: Graph

  /// Begins with the weights of `network`, or goes on with those of a checkpoint.
  init(
    _ known: any Architecture, _ options: ArchitectureOptions, _ network: Graph,
    _ saved: (checkpoint: TrainingCheckpoint, path: String)?
  ) throws {
    self.network = network
    if let saved { try self.network.loadWeights(saved.checkpoint.weights).requireAllLoaded(from: saved.path) }
    var options = options
    options.forTraining = false
    plain = try known.build(options)
  }

  func metadata() -> [String: String] { [:] }

  func weights(of trained: Graph) -> [(name: String, tensor: Tensor)] { trained.checkpoint }

  func inferenceNetwork(of trained: Graph) throws -> Graph {
    guard trained.outputs.count > 1 else { return trained }
    var network = plain
    try network.loadWeights(trained.checkpoint).requireAllLoaded(from: trained.name)
    return network
  }

  func tensors(ofInference network: Graph) -> [(name: String, tensor: Tensor)] { network.checkpoint }

  mutating func beginEpoch(_ trained: Graph) -> Bool { false }
}

extension Trainer {
  /// Goes on with what the form trains in the epoch that begins.
  mutating func beginEpoch(of form: inout any TrainingForm, _ options: TrainingOptions) throws {
    guard try form.beginEpoch(network) else { return }
    let state = optimizerState
    self = try options.trainer(form.network)
    try restore(state)
  }
}
