import ArgumentParser
import Compiler
import Datasets
import Finetuning
import Foundation
import Graph
import Martlet

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

  @OptionGroup var source: FloatSourceOptions

  func validate() throws {
    guard (from != nil) == (unfreeze != nil || all), unfreeze == nil || !all else {
      throw ValidationError("--from takes either --unfreeze LAYERS or --all, and these need --from.")
    }
    guard unfreeze ?? 0 >= 0, epochs >= 1, batch >= 1 else {
      throw ValidationError("--unfreeze must not be under 0, --epochs and --batch must be at least 1.")
    }
    guard rate > 0, rate.isFinite, rateRatio > 0, rateRatio <= 1 else {
      throw ValidationError("--rate must be over 0, and --rate-ratio lie in 0…1, without 0.")
    }
  }

  /// Trains, quantizes and packs.
  /// - Returns: the packed model, and the epochs.
  func run(
    _ run: FinetuneRun, _ material: FinetuneRun.Material, beginning: (weights: [Float], biases: [Float])?, views: Int,
    preprocessing: PreprocessingRecord?
  ) throws -> (model: [UInt8], epochs: [DeepFinetuning.Epoch]) {
    guard let from, let preprocessing, var rules = run.rules else {
      throw ToolError(
        "--from needs a packed network that says how a picture becomes its input: convert it with --preset.")
    }
    rules.channelOrder = Preprocessing.ChannelOrder(rawValue: preprocessing.channelOrder) ?? .redFirst
    var options = DeepOptions()
    (options.layers, options.epochs, options.batch) = (unfreeze, epochs, batch)
    (options.rate, options.rateRatio, options.updatesStatistics) = (rate, rateRatio, updateStatistics)
    options.seed = run.options.seed
    let network = try source.load(from)
    var deep = try DeepFinetuning(
      network, classNames: run.sets.classNames, beginning: beginning, options: options)
    func prepare(_ set: FeatureSet, _ dataset: Dataset, _ views: Int) throws -> [(input: Tensor, label: Int)] {
      var seen: Set<Int> = []
      let items = zip(set.items, set.labels).filter { seen.insert($0.0).inserted }.map { (index: $0, label: $1) }
      let progress = Progress("float features")
      defer { progress.finish() }
      return try deep.prepare(dataset, items: items, views: views, rules: rules, seed: run.options.seed) {
        progress.update($0, of: $1)
      }
    }
    let training = try prepare(material.training, run.sets.training, views)
    let validation = try prepare(material.validation, material.validationData, 1)
    let progress = Progress("training")
    let trained = try deep.train(training, validation) { progress.update($0, of: $1, note: "loss \($2.digits(3))") }
    progress.finish()
    for epoch in trained.epochs {
      note("epoch \(epoch.number): loss \(epoch.loss.digits(4)), accuracy \((epoch.accuracy * 100).digits(1)) %")
    }
    let model = try pack(trained.network, run, material, rules, preprocessing)
    return (model, trained.epochs)
  }

  /// Calibrates on at most 64 of the pictures to learn from.
  private func pack(
    _ network: Graph, _ run: FinetuneRun, _ material: FinetuneRun.Material, _ rules: Preprocessing,
    _ preprocessing: PreprocessingRecord
  ) throws -> [UInt8] {
    let items = Array(Set(material.training.items)).sorted()
    let step = max(1, items.count / 64)
    let chosen = Array(stride(from: 0, to: items.count, by: step).map { items[$0] }.prefix(64))
    let dataset = run.sets.training
    let shape = [1, rules.height, rules.width, rules.channels]
    var options = CompileOptions()
    options.labels = run.sets.classNames
    options.preprocessing = preprocessing
    options.provenance = [("finetuned", unfreeze.map { "the last \($0) layers" } ?? "all layers")]
    let calibration = CalibrationData(count: chosen.count) { number in
      [Tensor(shape: shape, values: try rules.tensorValues(of: dataset.item(chosen[number])))]
    }
    let progress = Progress("packing")
    defer { progress.finish() }
    return try compile(network, calibration: calibration, options: options) { name, share in
      progress.update(Int(share * 100), of: 100, note: name)
    }.bytes
  }
}
