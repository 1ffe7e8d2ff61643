import Graph

/// Trains a classifier, step by step. Repeatable: the same network, batches and options give the same weights, with any
/// number of threads.
public struct Trainer: Sendable {
  /// What changes the weights.
  public private(set) var optimizer: any Optimizer
  /// What is minimized.
  public var loss: any Loss
  /// The weight of the loss of each output but the first: of auxiliary classifiers.
  public var auxiliaryWeight: Float = 0.3
  /// The weight of a batch's statistics in the running ones that the trained network keeps.
  public var statisticsMomentum: Float = 0.1
  /// Decides what layers draw that do so in training, such as dropout: to be set before each step.
  public var randomSeed: UInt64 {
    get { differentiator.randomSeed }
    set { differentiator.randomSeed = newValue }
  }
  private var differentiator: Differentiator
  private let batchSize: Int
  private let parameters: [TrainedParameter]

  /// The network with the weights as they are now, for one image.
  public var network: Graph {
    var network = original
    for id in differentiator.graph.constantIDs { network[id].constant = differentiator.graph[id].constant }
    return network
  }
  private let original: Graph

  /// Prepares `network` (batch 1, one output of logits, perhaps more of auxiliary classifiers) for batches of `batchSize`
  /// images.
  /// - Parameters:
  ///   - network: a float network for one image.
  ///   - batchSize: images of a step.
  ///   - isFixed: whether a constant of this name is part of the structure and stays what it is.
  ///   - loss: what is made small.
  ///   - workers: the threads that share the work; nil: one a core.
  ///   - optimizer: made for a number of parameters.
  /// - Throws: `GraphError` naming a layer that cannot be trained.
  public init(
    _ network: Graph, batchSize: Int, isFixed: (String) -> Bool = { _ in false }, loss: any Loss = CrossEntropy(),
    workers: Workers? = nil, optimizer: (Int) -> any Optimizer
  ) throws(GraphError) {
    original = network
    self.batchSize = batchSize
    self.loss = loss
    parameters = TrainedParameter.all(of: network).filter { !isFixed(network[$0.id].name) }
    self.optimizer = optimizer(parameters.count)
    differentiator = try Differentiator(
      network.batched(batchSize), parameters: parameters.map(\.id), workers: workers)
  }

  /// How many numbers are trained.
  public var parameterCount: Int { parameters.reduce(0) { $0 + original[$1.id].shape.reduce(1, *) } }

  /// What the optimizer remembers; with the weights and statistics of `network`, all that the next steps depend on.
  public var optimizerState: OptimizerState { optimizer.state }

  /// Goes on with what an optimizer of the same kind remembered of the same network.
  /// - Throws: `GraphError` when the state is of another optimizer or of a network with other parameters.
  public mutating func restore(_ state: OptimizerState) throws(GraphError) {
    let sizes = parameters.map { original[$0.id].shape.reduce(1, *) }
    let fits = state.moments.values.allSatisfy { moment in
      moment.count == sizes.count && zip(moment, sizes).allSatisfy { $0.isEmpty || $0.count == $1 }
    }
    guard fits, state.steps >= 0, Set(state.moments.keys) == Set(optimizer.state.moments.keys) else {
      throw GraphError("\(original.name): the state of the optimizer is of another optimizer or another network")
    }
    optimizer.state = state
  }

  /// The loss and the number of correct answers of one batch, before its step.
  public struct Step: Sendable, Equatable {
    /// Mean over the batch; with those of auxiliary classifiers, times their weight.
    public var loss: Double
    /// Of the batch.
    public var correct: Int
  }

  /// One step.
  /// - Parameters:
  ///   - images: [batchSize,H,W,C].
  ///   - labels: batchSize classes.
  ///   - mixed: what the images were mixed with; nil: nothing.
  ///   - rate: the learning rate.
  /// - Throws: `GraphError` when the shapes are not the network's.
  public mutating func step(
    _ images: Tensor, labels: [Int], mixed: MixedLabels? = nil, rate: Float
  ) throws(GraphError) -> Step {
    guard labels.count == batchSize else {
      throw GraphError("a batch has \(batchSize) labels, not \(labels.count)")
    }
    var step = Step(loss: 0, correct: 0)
    let (loss, auxiliaryWeight) = (loss, auxiliaryWeight)
    let pass = try differentiator.run([images]) { outputs in
      outputs.enumerated().map { number, logits in
        var result = loss(logits, labels: labels, mixed: mixed)
        guard number > 0 else {
          (step.loss, step.correct) = (step.loss + result.loss, result.correct)
          return result.gradient
        }
        step.loss += Double(auxiliaryWeight) * result.loss
        for index in result.gradient.values.indices { result.gradient.values[index] *= auxiliaryWeight }
        return result.gradient
      }
    }
    optimizer.beginStep()
    for (number, parameter) in parameters.enumerated() {
      guard let gradient = pass.gradients[parameter.id] else { continue }
      differentiator.graph[parameter.id].constant.update { values in
        optimizer.update(number, &values, gradient: gradient.values, decays: parameter.decays, rate: rate)
      }
    }
    for (index, statistics) in pass.statistics { keep(statistics, of: index) }
    return step
  }

  /// Moves a normalization's running statistics towards the batch's; the variance as the unbiased estimate, as PyTorch
  /// does.
  private mutating func keep(_ statistics: BatchStatistics, of index: Int) {
    let node = differentiator.graph.nodes[index]
    let pixels = differentiator.graph[node.outputs[0]].shape.dropLast().reduce(1, *)
    let unbiased = Float(pixels) / Float(max(1, pixels - 1))
    let momentum = statisticsMomentum
    differentiator.graph[node.inputs[3]].constant.update { values in
      for channel in values.indices {
        values[channel] += momentum * (statistics.mean.values[channel] - values[channel])
      }
    }
    differentiator.graph[node.inputs[4]].constant.update { values in
      for channel in values.indices {
        values[channel] += momentum * (statistics.variance.values[channel] * unbiased - values[channel])
      }
    }
  }
}

/// A constant that training changes.
struct TrainedParameter: Sendable {
  let id: ValueID
  /// Weight decay is for the weights of products, not for biases and normalizations.
  let decays: Bool

  /// Weights, biases, scales and shifts, in the order of the layers.
  static func all(of network: Graph) -> [TrainedParameter] {
    var (found, result): (Set<ValueID>, [TrainedParameter]) = ([], [])
    for node in network.nodes {
      let operation: any Operator = (node.operation as? SimulatedOperator)?.inner ?? node.operation
      let isNormalization = operation is BatchNormalization
      let count = isNormalization ? 3 : node.inputs.count
      for (position, id) in node.inputs.prefix(count).enumerated() where position > 0 {
        guard network[id].constant != nil, found.insert(id).inserted else { continue }
        let isProduct = !isNormalization && position == 1
        result.append(TrainedParameter(id: id, decays: isProduct))
      }
    }
    return result
  }
}

extension Tensor? {
  /// Changes the values where they lie.
  mutating func update(_ body: (inout [Float]) -> Void) {
    guard var tensor = take() else { return }
    body(&tensor.values)
    self = tensor
  }
}

extension Graph {
  /// All constants.
  var constantIDs: [ValueID] {
    var ids: Set<ValueID> = []
    for node in nodes { for id in node.inputs where self[id].constant != nil { ids.insert(id) } }
    return ids.sorted { $0.index < $1.index }
  }
}
