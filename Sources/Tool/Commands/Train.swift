import Architectures
import ArgumentParser
import Datasets
import Foundation
import Graph
import Importers
import Training

/// `martlet train ARCHITECTURE --data DIR -o WEIGHTS`.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains an architecture on pictures from random weights.",
    discussion: """
      --data is a folder with train and test halves, MNIST (IDX) or CIFAR-10 (binary). The weights are written after each
      epoch; `martlet convert WEIGHTS --architecture NAME` quantizes them. The same seed gives the same weights.
      Example: martlet train lenet-5 --data mnist/ --epochs 5 -o lenet-5.safetensors
      """)

  @Argument(help: "One of `martlet architectures`.")
  var architecture: String

  @Option(help: "The labelled pictures.")
  var data: String

  @Option(name: .shortAndLong, help: "Where the weights go (.safetensors).")
  var output: String

  @Option(help: "How often each picture is seen.")
  var epochs = 10

  @Option(help: "Pictures a step.")
  var batch = 64

  @Option(help: "The learning rate at its peak; by default 0.05, for adamw 0.001.")
  var rate: Float?

  @Option(help: "sgd (momentum 0.9) or adamw.")
  var optimizer: TrainingMethod = .sgd

  @Option(help: "λ of the weights' decay.")
  var weightDecay: Float = 5e-4

  @Option(help: "Move pictures by up to this many pixels at random.")
  var shift = 0

  @Flag(help: "Mirror half of the pictures.")
  var flip = false

  @Option(help: "Decides the first weights, the order of pictures and their changes.")
  var seed: UInt64 = 1

  @Option(help: "Classes; by default the architecture's.")
  var classes: Int?

  @Option(help: "Hidden channels, relative to the architecture's.")
  var width: Double = 1

  @Option(help: "Use this many of the training pictures, taken at random.")
  var limit: Int?

  @OptionGroup var json: OutputOptions

  func validate() throws {
    guard epochs >= 1, batch >= 1, limit ?? 1 >= 1 else {
      throw ValidationError("--epochs, --batch and --limit must be at least 1.")
    }
    guard rate ?? 1 > 0, rate?.isFinite != false, weightDecay >= 0, weightDecay.isFinite else {
      throw ValidationError("--rate must be over 0, and --weight-decay not under it.")
    }
    guard (0...64).contains(shift) else { throw ValidationError("--shift must lie in 0…64.") }
  }

  func run() throws {
    let known = try Architectures.named(architecture)
    let network = try known.build(ArchitectureOptions(classes: classes, width: width, seed: seed))
    let rules = try inputRules(known, network)
    let training = try pictures(.training, rules, network)
    let test = try pictures(.test, rules, network)
    let count = training.count / batch * batch
    guard count > 0 else {
      throw ToolError(
        "\(data) has \(training.count) training pictures, fewer than the \(batch) of one step: use --batch.")
    }
    switch optimizer {
    case .sgd:
      let decay = weightDecay
      try train(network, training, test, rules) { StochasticGradientDescent(parameters: $0, weightDecay: decay) }
    case .adamw:
      let decay = weightDecay
      try train(network, training, test, rules) { AdamW(parameters: $0, weightDecay: decay) }
    }
  }

  private func train<Method: Optimizer>(
    _ network: Graph, _ training: TrainingImages, _ test: TrainingImages, _ rules: Preprocessing,
    _ method: (Int) -> Method
  ) throws {
    var trainer = try Trainer(network, batchSize: batch, isFixed: Parameter.isFixed, optimizer: method)
    var run = TrainingRun(
      images: training, batchSize: batch, mean: rules.mean, standardDeviation: rules.standardDeviation,
      augmentation: Augmentation(shiftPixels: shift, flips: flip), seed: seed,
      rate: LearningRate(
        peak: rate ?? (optimizer == .sgd ? 0.05 : 0.001), warmUpSteps: min(100, training.count / batch)),
      epochs: epochs)
    note(
      "\(trainer.parameterCount.grouped) parameters, \(training.count) pictures to learn from, \(test.count) to test")
    var epochsDone: [EpochReport] = []
    while let epoch = try run.nextEpoch(&trainer, progress: Progress("training")) {
      let accuracy = try test.accuracy(of: trainer.network, rules)
      try write(trainer.network)
      let report = EpochReport(
        epoch: epoch.number, loss: epoch.loss, trainingAccuracy: epoch.accuracy, testAccuracy: accuracy,
        imagesPerSecond: epoch.imagesPerSecond)
      epochsDone.append(report)
      note(report.description)
    }
    try json.emit(epochsDone) {
      if let last = epochsDone.last {
        print("\(output): \((last.testAccuracy * 100).digits(2)) % of the test pictures")
      }
    }
  }

  private func write(_ network: Graph) throws {
    do {
      try Checkpoint.safetensors(network.checkpoint).write(to: URL(fileURLWithPath: output), options: .atomic)
    } catch {
      throw ToolError("\(output) cannot be written: \(error.localizedDescription)")
    }
  }

  private func inputRules(_ known: any Architecture, _ network: Graph) throws -> Preprocessing {
    let shape = network[network.inputs[0]].shape
    guard shape.count == 4, shape[3] == 1 || shape[3] == 3 else {
      throw ToolError("\(known.name) takes no pictures but \(shape.text): `train` reads pictures alone.")
    }
    var rules = try Preprocessing(width: shape[2], height: shape[1], channels: shape[3], resizeRule: .stretch)
    rules.mean = known.preprocessing.mean
    rules.standardDeviation = known.preprocessing.standardDeviation
    try rules.check()
    return rules
  }

  private func pictures(_ split: Dataset.Split, _ rules: Preprocessing, _ network: Graph) throws -> TrainingImages {
    let dataset = try Dataset.open(data, split: split)
    let outputs = network[network.outputs[0]].shape.last ?? 0
    var images = TrainingImages(height: rules.height, width: rules.width, channels: rules.channels)
    let progress = Progress("reading the \(split.rawValue) pictures")
    var wanted = Array(0..<dataset.count)
    if split == .training, let limit, limit < dataset.count {
      // Of all classes: folders come one class after the other.
      var random = SplitMix64(seed: seed)
      wanted = random.permutation(dataset.count).prefix(limit).sorted()
    }
    try dataset.prefetch(
      wanted,
      prepare: { item in
        guard let label = item.label else { throw ToolError("\(item.name) has no label.") }
        guard label < outputs else {
          throw ToolError("\(item.name) is of class \(label), but the network has \(outputs): use --classes.")
        }
        guard case .image(let image) = item.content else { throw ToolError("\(item.name) is no picture.") }
        return (rules.pixels(of: image).pixels, label)
      }
    ) { number, picture in
      images.append(picture.0, label: picture.1)
      progress.update(number + 1, of: wanted.count)
    }
    progress.finish()
    return images
  }
}

/// `--optimizer`.
enum TrainingMethod: String, ExpressibleByArgument {
  case sgd, adamw
}

/// One line of the run's table.
private struct EpochReport: Encodable {
  let epoch: Int
  let loss: Double
  let trainingAccuracy: Double
  let testAccuracy: Double
  let imagesPerSecond: Double

  var description: String {
    "epoch \(epoch): loss \(loss.digits(4)), training \((trainingAccuracy * 100).digits(2)) %, test "
      + "\((testAccuracy * 100).digits(2)) %, \(imagesPerSecond.digits(0)) images/s"
  }
}
