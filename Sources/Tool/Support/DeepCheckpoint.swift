import Compiler
import Finetuning
import Foundation
import Graph
import Training

/// The state of deep training in a file beside the output, from which the same command goes on to the same weights as
/// without a break. It is there until the model is written.
struct DeepCheckpoint {
  /// What is trained.
  enum Stage: String, Codable {
    case float
    /// The simulation of the int8 network, which begins with what `float` left.
    case quantized
  }

  /// A run's state, and what the stage before left.
  struct Saved {
    var stage: Stage
    var state: DeepState
    var float: (epochs: [DeepPosition.Epoch], best: TrainedConstants)?
  }

  private struct Texts: Codable {
    let stage: Stage
    let position: DeepPosition
    let floatEpochs: [DeepPosition.Epoch]?
  }

  /// nil: nothing is kept.
  private let path: String?
  private let settings: [String: String]
  private let interruption: Interruption
  private var lastWritten = ContinuousClock.now
  private static let key = "martlet finetuning"

  init(_ path: String?, settings: [String: String], interruption: Interruption) {
    (self.path, self.settings, self.interruption) = (path, settings, interruption)
  }

  /// What to go on from; nil to begin.
  /// - Throws: a sentence when the file cannot be used, or belongs to another run.
  func saved() throws -> Saved? {
    guard let path else { return nil }
    AtomicFile.removeRemains(of: path)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try TrainingCheckpoint(contentsOf: path)
    try file.requireSettings(settings, from: path, remedy: "remove the file to begin anew")
    guard let text = file.metadata[Self.key],
      let texts = try? JSONDecoder().decode(Texts.self, from: Data(text.utf8))
    else { throw ToolError("\(path) is damaged: remove it to begin anew.") }
    var parts: [String: TrainedConstants] = [:]
    for (name, tensor) in file.weights {
      let words = name.split(separator: "/")
      guard words.count == 2, let index = Int(words[1]) else { continue }
      parts[String(words[0]), default: [:]][index] = tensor
    }
    let state = DeepState(
      position: texts.position, optimizer: file.optimizer, current: parts["current"] ?? [:], best: parts["best"] ?? [:])
    return Saved(
      stage: texts.stage, state: state, float: texts.floatEpochs.map { (epochs: $0, best: parts["float"] ?? [:]) })
  }

  /// Writes what is due after a step: at each epoch's end, every minute, and after Ctrl-C.
  /// - Throws: an exit code after Ctrl-C, with everything written.
  mutating func keep(
    _ run: DeepRun, _ stage: Stage, float: (epochs: [DeepPosition.Epoch], best: TrainedConstants)? = nil
  ) throws {
    let signal = interruption.pending
    if signal != nil || run.isAtEpochEnd || lastWritten.duration(to: .now) > .seconds(60) {
      try write(Saved(stage: stage, state: run.state, float: float))
      lastWritten = .now
    }
    guard signal != nil else { return }
    note(
      "\nstopped after \(run.stepsDone) of \(run.totalSteps) steps"
        + (path == nil ? "" : "; the same command goes on from here"))
    try interruption.check()
  }

  private func write(_ saved: Saved) throws {
    guard let path else { return }
    let texts = Texts(stage: saved.stage, position: saved.state.position, floatEpochs: saved.float?.epochs)
    var weights: [(name: String, tensor: Tensor)] = []
    for (name, part) in [
      ("current", saved.state.current), ("best", saved.state.best), ("float", saved.float?.best ?? [:]),
    ] {
      weights += part.sorted { $0.key < $1.key }.map { ("\(name)/\($0.key)", $0.value) }
    }
    try TrainingCheckpoint(
      settings: settings, position: TrainingPosition(), optimizer: saved.state.optimizer, weights: weights,
      metadata: [Self.key: String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)]
    ).write(to: path)
  }

  /// Removes the file: the model is written.
  func remove() {
    if let path { try? FileManager.default.removeItem(atPath: path) }
  }
}
