import Architectures
import ArgumentParser
import Datasets
import Graph
import Training

/// What decides a training run's weights, beside the architecture and the pictures.
struct TrainingOptions: ParsableArguments {
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

  func validate() throws {
    guard epochs >= 1, batch >= 1, limit ?? 1 >= 1 else {
      throw ValidationError("--epochs, --batch and --limit must be at least 1.")
    }
    guard rate ?? 1 > 0, rate?.isFinite != false, weightDecay >= 0, weightDecay.isFinite else {
      throw ValidationError("--rate must be over 0, and --weight-decay not under it.")
    }
    guard (0...64).contains(shift) else { throw ValidationError("--shift must lie in 0…64.") }
  }

  /// How the architecture is built.
  var architectureOptions: ArchitectureOptions { ArchitectureOptions(classes: classes, width: width, seed: seed) }

  private var augmentation: Augmentation { Augmentation(shiftPixels: shift, flips: flip) }
  private var peakRate: Float { rate ?? optimizer.defaultRate }

  /// The way through the pictures.
  /// - Throws: a sentence when they are too few for one step.
  func run(_ images: TrainingImages, _ rules: Preprocessing) throws -> TrainingRun {
    let steps = images.count / batch
    guard steps > 0 else {
      throw ToolError(
        "There are \(images.count) training pictures, fewer than the \(batch) of one step: use a smaller --batch.")
    }
    return TrainingRun(
      images: images, batchSize: batch, rules: rules, augmentation: augmentation, seed: seed,
      rate: LearningRate(peak: peakRate, warmUpSteps: min(100, steps)), epochs: epochs)
  }

  /// What changes the weights of `network`.
  func trainer(_ network: Graph) throws -> Trainer {
    try Trainer(network, batchSize: batch, isFixed: Parameter.isFixed) { count in
      optimizer.make(parameters: count, weightDecay: weightDecay)
    }
  }

  /// All that decides the weights, under the options' names.
  func settings(_ known: any Architecture, _ images: TrainingImages) throws -> [String: String] {
    [
      "architecture": known.name, "epochs": "\(epochs)", "batch": "\(batch)", "rate": "\(peakRate)",
      "optimizer": optimizer.rawValue, "weight-decay": "\(weightDecay)", "shift": "\(shift)", "flip": "\(flip)",
      "seed": "\(seed)", "classes": classes.map { "\($0)" } ?? "as designed", "width": "\(width)",
      "pictures": "\(images.count) (\(String(images.fingerprint, radix: 16)))",
    ]
  }
}

/// `--optimizer`.
enum TrainingMethod: String, ExpressibleByArgument {
  case sgd, adamw

  /// The learning rate that it usually works with.
  var defaultRate: Float { self == .sgd ? 0.05 : 0.001 }

  /// An optimizer of so many parameters.
  func make(parameters: Int, weightDecay: Float) -> any Optimizer {
    switch self {
    case .sgd: StochasticGradientDescent(parameters: parameters, weightDecay: weightDecay)
    case .adamw: Adam(parameters: parameters, weightDecay: weightDecay, isDecoupled: true)
    }
  }
}
