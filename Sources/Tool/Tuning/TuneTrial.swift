import Architectures
import ArgumentParser
import Compiler
import Datasets
import Foundation
import Graph
import Training

/// Trains one candidate up to some epoch, from its checkpoint where there is one.
struct TuneTrial {
  let known: any Architecture
  let rules: Preprocessing
  let training: TrainingImages
  let validation: TrainingImages
  let folder: String
  let interruption: Interruption

  /// The score after `epochs` of the epochs that `options` has.
  /// - Throws: an exit code after Ctrl-C, with a checkpoint written.
  func score(_ number: Int, _ options: TrainingOptions, epochs: Int) throws -> TuneState.Score {
    let path = TuneState.checkpoint(folder, number)
    AtomicFile.removeRemains(of: path)
    let settings = try options.settings(known, training)
    let saved = FileManager.default.fileExists(atPath: path) ? try TrainingCheckpoint(contentsOf: path) : nil
    try saved?.requireSettings(settings, from: path)
    let network = try known.build(options.architectureOptions)
    var form = try options.form(known, network, training, rules, saved.map { ($0, path) })
    var trainer = try options.trainer(form.network)
    var run = try options.run(training, rules)
    if let saved {
      try trainer.restore(saved.optimizer)
      try run.resume(at: saved.position)
    }
    let progress = Progress("trial \(number)", after: run.stepsDone)
    var lastWritten = ContinuousClock.now
    func keep() throws {
      try TrainingCheckpoint(
        settings: settings, position: run.position, optimizer: trainer.optimizerState,
        weights: form.weights(of: trainer.network), metadata: form.metadata()
      ).write(to: path)
      lastWritten = .now
    }
    while run.position.epoch < epochs {
      if run.isAtEpochEnd { try trainer.beginEpoch(of: &form, options) }
      do {
        try run.step(&trainer)
      } catch let error as ToolError {
        progress.finish()
        return TuneState.Score(epochs: epochs, accuracy: 0, failure: error.description)
      }
      progress.update(
        run.stepsDone, of: epochs * run.stepsAnEpoch, note: "loss \(run.position.loss.digits(3))")
      if let signal = interruption.pending {
        try keep()
        note("\nstopped in trial \(number); the same command goes on from here")
        throw ExitCode(Interruption.status(signal))
      }
      if lastWritten.duration(to: .now) > .seconds(60) { try keep() }
    }
    progress.finish()
    try keep()
    let accuracy = try validation.accuracy(of: form.inferenceNetwork(of: trainer.network), rules)
    return TuneState.Score(epochs: epochs, accuracy: accuracy)
  }
}
