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

  @Option(help: "Decides the first weights, the order of pictures and their changes.")
  var seed: UInt64 = 1

  @Option(help: "Classes; by default the architecture's.")
  var classes: Int?

  @Option(help: "Hidden channels, relative to the architecture's.")
  var width: Double = 1

  @Option(
    help: "Height and width that pictures are resized to and the network is built for: N or HEIGHTxWIDTH.",
    transform: InputSize.init(parsing:))
  var inputSize: InputSize?

  @Option(help: "Use this many of the training pictures, taken at random.")
  var limit: Int?

  @Flag(
    help: """
      Train the int8 network that is packed: normalizations folded, weights and values rounded, ranges measured before \
      each epoch. Begin with a trained network (--from).
      """)
  var quantizeAware = false

  @OptionGroup(title: "Loss, optimizer, learning rate") var method: MethodOptions
  @OptionGroup(title: "Changes of pictures") var changes: AugmentationOptions

  func validate() throws {
    guard epochs >= 1, batch >= 1, limit ?? 1 >= 1 else {
      throw ValidationError("--epochs, --batch and --limit must be at least 1.")
    }
  }

  /// How the architecture is built, with what only training needs.
  var architectureOptions: ArchitectureOptions {
    var options = ArchitectureOptions(
      inputSize: inputSize?.picture, classes: classes, width: width, seed: seed, forTraining: !quantizeAware)
    options.distribution = method.initialization
    return options
  }

  /// The way through the pictures.
  /// - Throws: a sentence when they are too few for one step.
  func run(_ images: TrainingImages, _ rules: Preprocessing) throws -> TrainingRun {
    let steps = images.count / batch
    guard steps > 0 else {
      throw ToolError(
        "There are \(images.count) training pictures, fewer than the \(batch) of one step: use a smaller --batch.")
    }
    return TrainingRun(
      images: images, batchSize: batch, rules: rules, augmentation: changes.augmentation(images),
      mixup: changes.mixup > 0 ? Mixup(alpha: changes.mixup) : nil, seed: seed,
      rate: method.learningRate(stepsAnEpoch: steps, isFine: quantizeAware), epochs: epochs)
  }

  /// What is trained, beginning with the weights of `network` or of a checkpoint.
  func form(
    _ known: any Architecture, _ network: Graph, _ images: TrainingImages, _ rules: Preprocessing,
    _ saved: (checkpoint: TrainingCheckpoint, path: String)? = nil
  ) throws -> any TrainingForm {
    guard quantizeAware else { return try FloatForm(known, architectureOptions, network, saved) }
    return try QuantizationAwareForm(known, architectureOptions, network, images, rules, saved)
  }

  /// What changes the weights of `network`.
  func trainer(_ network: Graph) throws -> Trainer {
    var trainer = try Trainer(
      network, batchSize: batch, isFixed: Parameter.isFixed, loss: method.objective,
      optimizer: method.makeOptimizer(parameters:))
    trainer.auxiliaryWeight = method.auxiliaryWeight
    return trainer
  }

  /// All that decides the weights, under the options' names.
  func settings(_ known: any Architecture, _ images: TrainingImages) throws -> [String: String] {
    var own = [
      "architecture": known.name, "epochs": "\(epochs)", "batch": "\(batch)", "seed": "\(seed)",
      "classes": classes.map { "\($0)" } ?? "as designed", "width": "\(width)",
      "pictures": "\(images.count) (\(String(images.fingerprint, radix: 16)))",
    ]
    if quantizeAware { own["quantize-aware"] = "true" }
    if let size = inputSize?.picture { own["input-size"] = "\(size.height)x\(size.width)" }
    return own.merging(method.settings(isFine: quantizeAware)) { $1 }.merging(changes.settings) { $1 }
  }
}
