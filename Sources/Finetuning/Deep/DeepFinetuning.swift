import Compiler
import Graph
import Training

/// How the layers of a float network are trained on new pictures.
public struct DeepOptions: Sendable {
  /// Layers with weights before the classifier that are trained; nil: all.
  public var layers: Int?
  /// The most passes over the pictures; training stops five after the best.
  public var epochs = 15
  /// Pictures a step.
  public var batch = 16
  /// The rate of the classifier, at its peak.
  public var rate: Float = 0.01
  /// The rate of each layer is so many times that of the next one.
  public var rateRatio: Float = 0.95
  /// Batch normalizations learn the statistics of the new pictures; else they keep the old ones as part of the convolutions.
  public var updatesStatistics = false
  /// Of the order of pictures.
  public var seed: UInt64 = 1

  /// The defaults.
  public init() {}
}

/// Trains the last layers of a float network, or all, on new pictures.
public struct DeepFinetuning {
  /// An epoch's result.
  public struct Epoch: Sendable {
    /// From 1 on; 0: before any.
    public var number: Int
    /// Mean of the epoch.
    public var loss: Double
    /// Of the pictures held back, 0…1; of the others when none are.
    public var accuracy: Double
  }

  private var classifier: ReplacedClassifier
  private let layers: UnfrozenLayers
  private let options: DeepOptions
  private let frozen: Evaluator?

  /// - Parameters:
  ///   - network: a float classifier of pictures.
  ///   - beginning: weights (classes × features) and biases that the new classifier begins with, of a head that was trained on
  ///     the same features; used when their number is right.
  public init(
    _ network: Graph, classNames: [String], beginning: (weights: [Float], biases: [Float])?, options: DeepOptions
  ) throws {
    classifier = try ReplacedClassifier(
      network, classes: classNames.count, keepsNormalizations: options.updatesStatistics)
    if let beginning, beginning.weights.count == classNames.count * classifier.featureCount {
      classifier.begin(with: beginning)
    }
    layers = try UnfrozenLayers(classifier.graph, layers: options.layers)
    self.options = options
    frozen = layers.frozen.map { Evaluator($0) }
  }

  /// Numbers of one picture that are kept in memory.
  public var keptCount: Int { layers.trained[layers.trained.inputs[0]].shape.reduce(1, *) }

  /// Parameters that are trained, as tensors.
  public var trainedTensors: Int { layers.depths.count }

  /// What training reads of a picture: the output of the layers that stay.
  public func prepared(_ input: Tensor) throws -> Tensor { try frozen?.run([input])[0] ?? input }

  /// Trains.
  /// - Parameters:
  ///   - training: prepared pictures with their classes.
  ///   - validation: likewise; decides which epoch is kept.
  ///   - progress: told of the steps done.
  /// - Returns: every epoch, and the whole float network of the best one, which ends in softmax.
  public mutating func train(
    _ training: [(input: Tensor, label: Int)], _ validation: [(input: Tensor, label: Int)],
    progress: (_ done: Int, _ total: Int, _ loss: Double) -> Void = { _, _, _ in }
  ) throws -> (epochs: [Epoch], network: Graph) {
    let batch = min(options.batch, training.count)
    let factors = layers.depths.map { ratio(depth: $0) }
    var trainer = try Trainer(
      layers.trained, batchSize: batch, isFixed: { $0.hasPrefix(UnfrozenLayers.fixedPrefix) }
    ) { DiscriminativeRates(StochasticGradientDescent(parameters: $0, weightDecay: 1e-4), factors: factors) }
    let steps = training.count / batch
    let rate = LearningRate(peak: options.rate, warmUpSteps: steps)
    let measured = validation.isEmpty ? training : validation
    var epochs = [Epoch(number: 0, loss: 0, accuracy: try accuracy(trainer.network, measured))]
    var best = (accuracy: epochs[0].accuracy, epoch: 0, network: trainer.network)
    for epoch in 1...max(1, options.epochs) {
      var random = SplitMix64(seed: options.seed &+ UInt64(epoch) &* 0x1_0000_0001)
      let order = random.permutation(training.count)
      var loss = 0.0
      for step in 0..<steps {
        let chosen = order[step * batch..<(step + 1) * batch].map { training[$0] }
        let result = try trainer.step(
          joined(chosen.map(\.input)), labels: chosen.map(\.label),
          rate: rate.rate(step: (epoch - 1) * steps + step, of: options.epochs * steps))
        guard result.loss.isFinite else {
          throw FinetuneError("the loss is no longer a number in epoch \(epoch): choose a lower --rate")
        }
        loss += result.loss / Double(steps)
        progress((epoch - 1) * steps + step + 1, options.epochs * steps, result.loss)
      }
      epochs.append(Epoch(number: epoch, loss: loss, accuracy: try accuracy(trainer.network, measured)))
      // Of equally good epochs the later: its decisions are surer.
      if epochs[epoch].accuracy >= best.accuracy { best = (epochs[epoch].accuracy, epoch, trainer.network) }
      if epoch >= best.epoch + 5 { break }
    }
    return (epochs, try whole(best.network))
  }

  private func ratio(depth: Int) -> Float {
    var factor: Float = 1
    for _ in 0..<depth { factor *= options.rateRatio }
    return factor
  }

  private func joined(_ inputs: [Tensor]) -> Tensor {
    Tensor(shape: [inputs.count] + inputs[0].shape.dropFirst(), values: inputs.flatMap(\.values))
  }

  private func accuracy(_ network: Graph, _ pictures: [(input: Tensor, label: Int)]) throws -> Double {
    let evaluator = Evaluator(network)
    var right = 0
    for picture in pictures {
      let scores = try evaluator.run([picture.input])[0].values
      if scores.indexOfFirstLargest == picture.label { right += 1 }
    }
    return pictures.isEmpty ? 0 : Double(right) / Double(pictures.count)
  }

  /// The whole network with the trained constants, and softmax behind it.
  private func whole(_ trained: Graph) throws -> Graph {
    var graph = classifier.graph
    for node in trained.nodes {
      for id in node.inputs where trained[id].constant != nil { graph[id].constant = trained[id].constant }
    }
    graph.outputs = [try graph.append(Softmax(), [graph.outputs[0]], name: "probabilities")[0]]
    return graph
  }
}
