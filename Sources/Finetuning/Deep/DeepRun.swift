import Graph
import Training

/// How far deep training has come.
public struct DeepPosition: Codable, Equatable, Sendable {
  /// An epoch's result.
  public struct Epoch: Codable, Equatable, Sendable {
    /// From 1 on; 0: before any.
    public var number: Int
    /// Mean of the epoch.
    public var loss: Double
    /// Of the pictures held back, 0…1; of the others when none are.
    public var accuracy: Double

    private enum CodingKeys: String, CodingKey {
      case number = "epoch"
      case loss
      case accuracy
    }
  }

  /// Epochs that are over, with what was before them.
  public internal(set) var epochs: [Epoch]
  /// The epoch whose constants are kept: of equally good ones the last, as its decisions are surer.
  public internal(set) var best: Int
  /// Steps of the epoch that is not over.
  public internal(set) var step = 0
  /// The sum of their losses, divided by the steps of an epoch.
  var loss = 0.0
}

/// All that the next steps of deep training depend on, beside pictures, network and options.
public struct DeepState: Sendable {
  /// How far it has come.
  public var position: DeepPosition
  /// What the optimizer remembers.
  public var optimizer: OptimizerState
  /// Constants of the trained layers, as they are now.
  public var current: TrainedConstants
  /// Constants after the best epoch.
  public var best: TrainedConstants

  /// A state, as it was read from a file.
  public init(
    position: DeepPosition, optimizer: OptimizerState, current: TrainedConstants, best: TrainedConstants
  ) {
    (self.position, self.optimizer, self.current, self.best) = (position, optimizer, current, best)
  }
}

/// Goes through prepared pictures step by step, in an order that depends on the seed alone. Its state can be kept at any step,
/// and another run that resumes from it comes to the same constants, bit for bit.
public struct DeepRun {
  /// How far it has come.
  public private(set) var position: DeepPosition
  /// Constants after the best epoch.
  public private(set) var best: TrainedConstants
  private let layers: UnfrozenLayers
  private let options: DeepOptions
  private let training: [(input: Tensor, label: Int)]
  private let measured: [(input: Tensor, label: Int)]
  private var trainer: Trainer
  private var order: [Int] = []

  /// - Parameters:
  ///   - deep: the network, and which of its layers are trained.
  ///   - training: what `DeepFinetuning.prepared` says of the pictures to learn from, with their classes.
  ///   - validation: likewise of those that decide which epoch is kept.
  ///   - state: what to go on from; nil: it begins.
  /// - Throws: `FinetuneError` when there is no picture, or the state is of another run; `GraphError` when a layer cannot be
  ///   trained.
  public init(
    _ deep: DeepFinetuning, training: [(input: Tensor, label: Int)], validation: [(input: Tensor, label: Int)],
    resuming state: DeepState? = nil
  ) throws {
    guard !training.isEmpty else { throw FinetuneError("there are no pictures to learn from") }
    (layers, options, self.training) = (deep.layers, deep.options, training)
    measured = validation.isEmpty ? training : validation
    let beginning = try state.map { try deep.layers.trained.with($0.current) } ?? deep.layers.trained
    trainer = try Self.trainer(beginning, deep.layers, deep.options, batch: min(deep.options.batch, training.count))
    if let state {
      _ = try deep.layers.trained.with(state.best)
      try trainer.restore(state.optimizer)
      (position, best) = (state.position, state.best)
      guard (1...deep.options.epochs + 1).contains(position.epochs.count),
        position.epochs.indices.contains(position.best),
        position.step == 0 || (1..<stepsAnEpoch).contains(position.step)
      else { throw FinetuneError("the state of the training is damaged: there is no such step") }
    } else {
      best = beginning.trainedConstants
      position = DeepPosition(epochs: [], best: 0)
      position.epochs = [.init(number: 0, loss: 0, accuracy: try accuracy())]
    }
    shuffle()
  }

  private static func trainer(
    _ network: Graph, _ layers: UnfrozenLayers, _ options: DeepOptions, batch: Int
  ) throws -> Trainer {
    let factors = layers.depths.map { options.factor(depth: $0) }
    return try Trainer(network, batchSize: batch, isFixed: { $0.hasPrefix(UnfrozenLayers.fixedPrefix) }) {
      DiscriminativeRates(StochasticGradientDescent(parameters: $0, weightDecay: 1e-4), factors: factors)
    }
  }

  private var batch: Int { min(options.batch, training.count) }
  private var stepsAnEpoch: Int { training.count / batch }
  /// The epoch that is not over, from 1 on.
  private var epoch: Int { position.epochs.count }
  /// Steps of all epochs; fewer when training stops early.
  public var totalSteps: Int { options.epochs * stepsAnEpoch }
  /// Steps that were taken.
  public var stepsDone: Int { (epoch - 1) * stepsAnEpoch + position.step }
  /// Whether the step that was taken last ended an epoch.
  public var isAtEpochEnd: Bool { position.step == 0 }
  /// Whether all epochs are over, or five brought nothing.
  public var isDone: Bool { isAtEpochEnd && (epoch > options.epochs || epoch > position.best + 5) }

  /// All that the next steps depend on.
  public var state: DeepState {
    DeepState(
      position: position, optimizer: trainer.optimizerState, current: trainer.network.trainedConstants, best: best)
  }

  /// The next step. The last of an epoch also measures the accuracy.
  /// - Returns: its loss.
  /// - Throws: `FinetuneError` when the loss is not a number any more.
  public mutating func step() throws -> Double {
    let chosen = order[position.step * batch..<(position.step + 1) * batch].map { training[$0] }
    let rate = LearningRate(peak: options.rate, warmUpSteps: stepsAnEpoch).rate(step: stepsDone, of: totalSteps)
    let result = try trainer.step(joined(chosen.map(\.input)), labels: chosen.map(\.label), rate: rate)
    guard result.loss.isFinite else {
      throw FinetuneError("the loss is no longer a number in epoch \(epoch): choose a lower --rate")
    }
    position.loss += result.loss / Double(stepsAnEpoch)
    position.step += 1
    if position.step == stepsAnEpoch { try endEpoch() }
    return result.loss
  }

  private mutating func endEpoch() throws {
    let result = DeepPosition.Epoch(number: epoch, loss: position.loss, accuracy: try accuracy())
    if result.accuracy >= position.epochs[position.best].accuracy {
      (position.best, best) = (epoch, trainer.network.trainedConstants)
    }
    position.epochs.append(result)
    (position.step, position.loss) = (0, 0)
    shuffle()
  }

  private mutating func shuffle() {
    var random = SplitMix64(seed: options.seed &+ UInt64(epoch) &* 0x1_0000_0001)
    order = random.permutation(training.count)
  }

  private func joined(_ inputs: [Tensor]) -> Tensor {
    Tensor(shape: [inputs.count] + inputs[0].shape.dropFirst(), values: inputs.flatMap(\.values))
  }

  private func accuracy() throws -> Double {
    let evaluator = Evaluator(trainer.network)
    var right = 0
    for picture in measured {
      let scores = try evaluator.run([picture.input])[0].values
      if scores.indexOfFirstLargest == picture.label { right += 1 }
    }
    return Double(right) / Double(measured.count)
  }
}
