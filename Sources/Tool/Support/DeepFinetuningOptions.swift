import ArgumentParser
import Finetuning

/// Training layers of the float network that a packed one was converted from.
struct DeepFinetuningOptions: ParsableArguments {
  @Option(
    help: "The float network (.onnx, .tflite, or a checkpoint with --architecture): trains its layers, too.",
    completion: .file())
  var from: String?

  @Option(help: "With --from: train this many layers with weights before the classifier.")
  var unfreeze: Int?

  @Flag(help: "With --from: train all layers.")
  var all = false

  @Option(help: "With --from: the most passes over the pictures.")
  var epochs = 15

  @Option(help: "With --from: pictures a step.")
  var batch = 16

  @Option(help: "With --from: the classifier's learning rate at its peak.")
  var rate: Float = 0.01

  @Option(help: "With --from: a layer's rate is so many times that of the next.")
  var rateRatio: Float = 0.95

  @Flag(help: "With --from: batch normalizations learn the statistics of the new pictures.")
  var updateStatistics = false

  @Flag(
    help: """
      With --from: go on with quantization-aware training of the same layers, at a tenth of the rate, and pack what that \
      leaves.
      """)
  var quantizeAware = false

  @Option(help: "With --quantize-aware: the most passes over the pictures.")
  var awareEpochs = 5

  @Option(
    help: """
      With --from: where the state of the training is kept until the model is written, so that the same command goes on \
      after any end; by default beside the output.
      """, completion: .file())
  var checkpoint: String?

  @OptionGroup var source: FloatSourceOptions

  func validate() throws {
    guard (from != nil) == (unfreeze != nil || all), unfreeze == nil || !all else {
      throw ValidationError("--from takes either --unfreeze LAYERS or --all, and these need --from.")
    }
    guard from != nil || (!quantizeAware && checkpoint == nil) else {
      throw ValidationError("--quantize-aware and --checkpoint need --from: a head has nothing for them to do.")
    }
    guard unfreeze ?? 0 >= 0, batch >= 1, (1...10_000).contains(epochs), (1...10_000).contains(awareEpochs) else {
      throw ValidationError(
        "--unfreeze must not be under 0, --batch be at least 1, --epochs and --aware-epochs lie in 1…10000.")
    }
    guard rate > 0, rate.isFinite, rateRatio > 0, rateRatio <= 1 else {
      throw ValidationError("--rate must be over 0, and --rate-ratio lie in 0…1, without 0.")
    }
  }

  /// How the float network's layers are trained.
  func deepOptions(seed: UInt64) -> DeepOptions {
    var options = DeepOptions()
    (options.layers, options.epochs, options.batch) = (unfreeze, epochs, batch)
    (options.rate, options.rateRatio, options.updatesStatistics) = (rate, rateRatio, updateStatistics)
    options.seed = seed
    return options
  }

  /// How its int8 form is trained after that.
  func awareOptions(seed: UInt64) -> DeepOptions {
    var options = deepOptions(seed: seed)
    (options.epochs, options.rate) = (awareEpochs, rate / 10)
    return options
  }

  /// What decides the result beside pictures and network, under the options' names.
  func settings(views: Int, seed: UInt64) -> [String: String] {
    [
      "layers": unfreeze.map { "\($0)" } ?? "all", "epochs": "\(epochs)", "batch": "\(batch)", "rate": "\(rate)",
      "rate-ratio": "\(rateRatio)", "update-statistics": "\(updateStatistics)",
      "quantize-aware": quantizeAware ? "\(awareEpochs) epochs" : "no", "views": "\(views)", "seed": "\(seed)",
    ]
  }
}
