import ArgumentParser
import Compiler
import Foundation
import Graph
import Training

/// Where a run's state and its curves go.
struct TrainingRecordOptions: ParsableArguments {
  @Option(
    help: "Keep all that the run needs to go on in this file, so that it survives any end of the process.",
    completion: .file())
  var checkpoint: String?

  @Option(help: "Write the checkpoint every N steps; by default at each epoch's end and every minute.")
  var checkpointSteps: Int?

  @Flag(help: "Go on from --checkpoint, to the same weights as without a break. Without such a file, begin.")
  var resume = false

  @Option(help: "Write loss, accuracy and pace to this file of comma-separated values.", completion: .file())
  var log: String?

  @Option(help: "Draw the curves of loss, accuracy and learning rate on a page (.html).", completion: .file())
  var report: String?

  func validate() throws {
    guard checkpoint != nil || (!resume && checkpointSteps == nil) else {
      throw ValidationError("--resume and --checkpoint-steps need --checkpoint FILE.")
    }
    guard checkpointSteps ?? 1 >= 1 else { throw ValidationError("--checkpoint-steps must be at least 1.") }
  }

  /// The checkpoint to go on from; nil to begin.
  /// - Throws: a sentence when the file cannot be used, or belongs to another run.
  func savedCheckpoint(_ settings: [String: String]) throws -> TrainingCheckpoint? {
    guard let checkpoint else { return nil }
    AtomicFile.removeRemains(of: checkpoint)
    guard FileManager.default.fileExists(atPath: checkpoint) else {
      if resume { note("there is no \(checkpoint) yet: beginning") }
      return nil
    }
    guard resume else {
      throw ToolError("\(checkpoint) is there already: go on from it with --resume, or choose another --checkpoint.")
    }
    let saved = try TrainingCheckpoint(contentsOf: checkpoint)
    try saved.requireSettings(settings, from: checkpoint)
    return saved
  }
}

/// Writes checkpoints, the log and the page as a run goes on.
struct TrainingKeeper {
  private let options: TrainingRecordOptions
  private let settings: [String: String]
  private let title: String
  private var lastCheckpoint = ContinuousClock.now

  init(_ options: TrainingRecordOptions, _ settings: [String: String], title: String) {
    (self.options, self.settings, self.title) = (options, settings, title)
  }

  /// Writes what is due after a step.
  /// - Throws: an exit code after Ctrl-C, with everything written.
  mutating func keep(
    _ run: TrainingRun, _ trainer: Trainer, _ form: any TrainingForm, _ interruption: Interruption?
  ) throws {
    let signal = interruption?.pending
    if run.isAtEpochEnd || signal != nil {
      if let log = options.log { try TrainingLog.write(run.position.points, to: log) }
      if let report = options.report {
        try TrainingReport(title: title, settings: settings, position: run.position).write(to: report)
      }
    }
    if let path = options.checkpoint, signal != nil || isDue(run) {
      let checkpoint = TrainingCheckpoint(
        settings: settings, position: run.position, optimizer: trainer.optimizerState,
        weights: try form.weights(of: trainer.network), metadata: try form.metadata())
      try checkpoint.write(to: path)
      lastCheckpoint = .now
    }
    if let signal, !run.isDone {
      note(
        "\nstopped after \(run.stepsDone) of \(run.totalSteps) steps; the same command with --resume goes on from here")
      throw ExitCode(Interruption.status(signal))
    }
  }

  private func isDue(_ run: TrainingRun) -> Bool {
    if run.isAtEpochEnd { return true }
    if let steps = options.checkpointSteps { return run.stepsDone % steps == 0 }
    return lastCheckpoint.duration(to: .now) > .seconds(60)
  }
}
