import Compiler
import Datasets
import Finetuning
import Graph
import Martlet

/// Trains layers of the float network, perhaps of its int8 form after that, quantizes and packs.
struct DeepFinetuningRun {
  /// What it came to.
  struct Result {
    var model: [UInt8]
    var epochs: [DeepPosition.Epoch]
    /// Of quantization-aware training.
    var awareEpochs: [DeepPosition.Epoch]?
  }

  private let run: FinetuneRun
  private let material: FinetuneRun.Material
  private let options: DeepFinetuningOptions
  private let views: Int
  private let preprocessing: PreprocessingRecord
  private let rules: Preprocessing
  private let interruption: Interruption
  private let deep: DeepFinetuning
  private var checkpoint: DeepCheckpoint

  /// - Parameters:
  ///   - beginning: of a head that was trained on the packed network's features.
  ///   - checkpoint: where the state is kept; nil: nowhere.
  /// - Throws: a sentence when network and pictures do not go together.
  init(
    _ run: FinetuneRun, _ material: FinetuneRun.Material, _ options: DeepFinetuningOptions,
    beginning: (weights: [Float], biases: [Float])?, views: Int, preprocessing: PreprocessingRecord?,
    checkpoint: String?,
    interruption: Interruption
  ) throws {
    guard let from = options.from, let preprocessing, var rules = run.rules else {
      throw ToolError(
        "--from needs a packed network that says how a picture becomes its input: convert it with --preset.")
    }
    rules.channelOrder = Preprocessing.ChannelOrder(rawValue: preprocessing.channelOrder) ?? .redFirst
    (self.run, self.material, self.options, self.views) = (run, material, options, views)
    (self.preprocessing, self.rules, self.interruption) = (preprocessing, rules, interruption)
    deep = try DeepFinetuning(
      options.source.load(from), classNames: run.sets.classNames, beginning: beginning,
      options: options.deepOptions(seed: run.options.seed))
    var settings = options.settings(views: views, seed: run.options.seed)
    settings["network"] = String(deep.fingerprint, radix: 16)
    settings["pictures"] = Self.name(material.training)
    settings["validation"] = Self.name(material.validation)
    self.checkpoint = DeepCheckpoint(checkpoint, settings: settings, interruption: interruption)
  }

  private static func name(_ set: FeatureSet) -> String { "\(set.count) (\(String(set.fingerprint, radix: 16)))" }

  /// Trains, quantizes and packs.
  mutating func callAsFunction() throws -> Result {
    let saved = try checkpoint.saved()
    var float = saved?.float
    if float == nil {
      let run = try train(deep, .float, saved?.state, float: nil)
      float = (run.position.epochs, run.best)
    }
    guard let float else { return Result(model: [], epochs: []) }
    guard options.quantizeAware else {
      interruption.end()
      return Result(model: try pack(deep.network(float.best)), epochs: float.epochs)
    }
    let aware = try deep.quantizing(
      float.best, calibration: calibration(atMost: 256), compileOptions,
      options.awareOptions(seed: self.run.options.seed))
    let run = try train(aware, .quantized, saved?.stage == .quantized ? saved?.state : nil, float: float)
    interruption.end()
    let model = try compileQuantized(aware.network(run.best), options: compileOptions).bytes
    return Result(model: model, epochs: float.epochs, awareEpochs: run.position.epochs)
  }

  /// Removes the checkpoint: the model is written.
  func finish() { checkpoint.remove() }

  private mutating func train(
    _ deep: DeepFinetuning, _ stage: DeepCheckpoint.Stage, _ state: DeepState?,
    float: (epochs: [DeepPosition.Epoch], best: TrainedConstants)?
  ) throws -> DeepRun {
    let title = stage == .float ? "training" : "quantization-aware training"
    let training = try prepare(deep, material.training, run.sets.training, views)
    let validation = try prepare(deep, material.validation, material.validationData, 1)
    var run = try DeepRun(deep, training: training, validation: validation, resuming: state)
    if state != nil { note("\(title): going on after \(run.stepsDone) of \(run.totalSteps) steps") }
    let progress = Progress(title, after: run.stepsDone)
    while !run.isDone {
      let loss = try run.step()
      progress.update(run.stepsDone, of: run.totalSteps, note: "loss \(loss.digits(3))")
      try checkpoint.keep(run, stage, float: float)
    }
    progress.finish()
    for epoch in run.position.epochs {
      note(
        "\(title), epoch \(epoch.number): loss \(epoch.loss.digits(4)), accuracy \((epoch.accuracy * 100).digits(1)) %")
    }
    return run
  }

  private func prepare(
    _ deep: DeepFinetuning, _ set: FeatureSet, _ dataset: Dataset, _ views: Int
  ) throws -> [(input: Tensor, label: Int)] {
    var seen: Set<Int> = []
    let items = zip(set.items, set.labels).filter { seen.insert($0.0).inserted }.map { (index: $0, label: $1) }
    let progress = Progress("float features")
    defer { progress.finish() }
    return try deep.prepare(dataset, items: items, views: views, rules: rules, seed: run.options.seed) { done, total in
      progress.update(done, of: total)
      try interruption.check()
    }
  }

  private func calibration(atMost count: Int) -> CalibrationData {
    let items = Array(Set(material.training.items)).sorted()
    let step = max(1, items.count / count)
    let chosen = Array(stride(from: 0, to: items.count, by: step).map { items[$0] }.prefix(count))
    let (dataset, rules) = (run.sets.training, rules)
    return CalibrationData(count: chosen.count) { number in
      [
        Tensor(
          shape: [1, rules.height, rules.width, rules.channels],
          values: try rules.tensorValues(of: dataset.item(chosen[number])))
      ]
    }
  }

  private var compileOptions: CompileOptions {
    var compileOptions = CompileOptions()
    compileOptions.labels = run.sets.classNames
    compileOptions.preprocessing = preprocessing
    let layers = options.unfreeze.map { "the last \($0) layers" } ?? "all layers"
    compileOptions.provenance = [("finetuned", layers + (options.quantizeAware ? ", quantization-aware" : ""))]
    return compileOptions
  }

  private func pack(_ network: Graph) throws -> [UInt8] {
    let progress = Progress("packing")
    defer { progress.finish() }
    return try compile(network, calibration: calibration(atMost: 64), options: compileOptions) { name, share in
      progress.update(Int(share * 100), of: 100, note: name)
    }.bytes
  }
}
