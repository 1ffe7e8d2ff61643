import Architectures
import ArgumentParser
import Compiler
import Datasets
import Foundation
import Graph
import Importers
import Training

/// `martlet train ARCHITECTURE --data DIR -o WEIGHTS`.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains an architecture on pictures, from random weights or those of a checkpoint.",
    discussion: """
      --data is a folder with train and test halves, MNIST (IDX) or CIFAR-10 (binary). The weights are written after each
      epoch; `martlet convert WEIGHTS --architecture NAME` quantizes them. The same seed gives the same weights, and so
      does a run that was interrupted, with --checkpoint FILE, and resumed: the same command with --resume.
      Example: martlet train lenet-5 --data mnist/ --epochs 5 --checkpoint lenet-5.checkpoint -o lenet-5.safetensors
      """)

  @Argument(help: "One of `martlet architectures`.", completion: .list(Architectures.all.map(\.name)))
  var architecture: String

  @Option(help: "The labelled pictures.", completion: .file())
  var data: String

  @Option(name: .shortAndLong, help: "Where the weights go (.safetensors).", completion: .file())
  var output: String

  @Option(
    help: "Begin with the weights of this checkpoint (.pth, .safetensors, .npz) where names and shapes fit.",
    completion: .file())
  var from: String?

  @OptionGroup(title: "Training") var options: TrainingOptions
  @OptionGroup(title: "Records of the run") var records: TrainingRecordOptions
  @OptionGroup var json: OutputOptions

  func run() throws {
    let interruption = records.checkpoint == nil ? nil : Interruption()
    let known = try Architectures.named(architecture)
    var network = try known.build(options.architectureOptions)
    let data = try TrainingData(data, known, network)
    let training = try read(.training, data, interruption)
    let test = try read(.test, data, interruption)
    var run = try options.run(training, data.rules)
    var settings = try options.settings(known, training)
    settings["from"] = from
    let saved = try records.savedCheckpoint(settings)
    if let from, saved == nil { try begin(with: from, &network) }
    if from == nil, saved == nil, options.quantizeAware {
      note("without --from, quantization-aware training begins with random weights")
      try network.measureStatistics(on: data.inputs(training, count: 4))
    }
    var form = try options.form(
      known, network, training, data.rules, saved.map { ($0, records.checkpoint ?? "") })
    var trainer = try options.trainer(form.network)
    if let saved {
      try trainer.restore(saved.optimizer)
      try run.resume(at: saved.position)
      note("going on after \(run.stepsDone) of \(run.totalSteps) steps")
    }
    note(
      "\(trainer.parameterCount.grouped) parameters, \(training.count) pictures to learn from, \(test.count) to test")
    var keeper = TrainingKeeper(records, settings, title: "\(known.name) on \(self.data)")
    let progress = Progress("training", after: run.stepsDone)
    while !run.isDone {
      if run.isAtEpochEnd { try trainer.beginEpoch(of: &form, options) }
      try run.step(&trainer)
      progress.update(
        run.stepsDone, of: run.totalSteps,
        note: "loss \(run.position.loss.digits(3)), \((run.position.accuracy * 100).digits(1)) %, "
          + "\(run.position.imagesPerSecond.digits(0)) images/s")
      if run.isAtEpochEnd {
        progress.finish()
        let trained = try form.inferenceNetwork(of: trainer.network)
        run.note(testAccuracy: try test.accuracy(of: trained, data.rules))
        try AtomicFile.write(
          Checkpoint.safetensors(form.tensors(ofInference: trained), metadata: form.metadata()), to: output)
        if let epoch = run.position.epochs.last { note(epoch.description) }
      }
      try keeper.keep(run, trainer, form, interruption)
    }
    progress.finish()
    try json.emit(run.position.epochs) {
      if let last = run.position.epochs.last {
        print("\(output): \((last.testAccuracy * 100).digits(2)) % of the test pictures")
        print("next: \(options.conversion(of: output, architecture, data))")
      }
    }
  }

  /// Loads the weights that fit, and lists what does not; that keeps its random weights.
  private func begin(with path: String, _ network: inout Graph) throws {
    let report = network.loadWeights(TrainingCheckpoint.weights(of: try Checkpoint(contentsOf: path)))
    guard !report.loaded.isEmpty else { throw ToolError("\(path) has no weights of this architecture: \(report).") }
    note("\(report)")
  }

  private func read(
    _ split: Dataset.Split, _ data: TrainingData, _ interruption: Interruption?
  ) throws -> TrainingImages {
    try data.read(split, limit: split == .training ? options.limit : nil, seed: options.seed) {
      try interruption?.check()
    }
  }
}
