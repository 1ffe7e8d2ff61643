import Architectures
import Compiler
import Foundation
import Graph
import Importers
import Training

/// A training run's state in a file, from which it goes on to the same weights as without a break.
///
/// It is a safetensors file: the weights under their own names, so that `convert` and `--from` read it as well, what the
/// optimizer remembers under names that begin with `stateMark`, and the position and settings as text.
struct TrainingCheckpoint {
  /// What decides the weights: options and data, for people to compare.
  var settings: [String: String]
  var position: TrainingPosition
  var optimizer: OptimizerState
  /// The network's parameters.
  var weights: [(name: String, tensor: Tensor)]
  /// Further texts.
  var metadata: [String: String]

  /// Begins the names of tensors that are no weights.
  static let stateMark = "training state/"
  private static let key = "martlet training"

  /// What is kept as text.
  private struct Texts: Codable {
    var version = 1
    let settings: [String: String]
    let position: TrainingPosition
    let steps: Int
    /// How many arrays each moment has.
    let moments: [String: Int]
  }

  init(
    settings: [String: String], position: TrainingPosition, optimizer: OptimizerState,
    weights: [(name: String, tensor: Tensor)], metadata: [String: String]
  ) {
    (self.settings, self.position, self.optimizer, self.weights) = (settings, position, optimizer, weights)
    self.metadata = metadata
  }

  /// Reads one.
  /// - Throws: a sentence when the file is no such checkpoint.
  init(contentsOf path: String) throws {
    let file = try Checkpoint(contentsOf: path)
    guard let text = file.metadata[Self.key] else {
      throw ToolError("\(path) has weights, but no training to resume: start from its weights with --from \(path).")
    }
    guard let texts = try? JSONDecoder().decode(Texts.self, from: Data(text.utf8)), texts.version == 1 else {
      throw ToolError(
        "\(path) was written by another version, or is damaged: start from its weights with --from \(path).")
    }
    metadata = file.metadata
    settings = texts.settings
    position = texts.position
    weights = Self.weights(of: file)
    var byName: [String: [Float]] = [:]
    for (name, tensor) in file.tensors where name.hasPrefix(Self.stateMark) { byName[name] = tensor.values }
    var moments: [String: [[Float]]] = [:]
    for (name, count) in texts.moments {
      guard (0...file.tensors.count).contains(count) else {
        throw ToolError("\(path) is damaged: the optimizer's \(name) has \(count) parts.")
      }
      moments[name] = (0..<count).map { byName[Self.name(name, $0)] ?? [] }
    }
    optimizer = OptimizerState(steps: texts.steps, moments: moments)
  }

  /// A checkpoint's tensors without those of a training run's state.
  static func weights(of file: Checkpoint) -> [(name: String, tensor: Tensor)] {
    file.tensors.filter { !$0.name.hasPrefix(stateMark) }
  }

  private static func name(_ moment: String, _ number: Int) -> String { "\(stateMark)\(moment)/\(number)" }

  /// Writes it beside `path` and renames it, so that there is a whole checkpoint whenever the process ends.
  func write(to path: String) throws {
    let texts = Texts(
      settings: settings, position: position, steps: optimizer.steps, moments: optimizer.moments.mapValues(\.count))
    var tensors = weights
    for (moment, values) in optimizer.moments.sorted(by: { $0.key < $1.key }) {
      for (number, values) in values.enumerated() where !values.isEmpty {
        tensors.append((Self.name(moment, number), Tensor(shape: [values.count], values: values)))
      }
    }
    let text = String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)
    try AtomicFile.write(Checkpoint.safetensors(tensors, metadata: metadata.merging([Self.key: text]) { $1 }), to: path)
  }

  /// Refuses to go on with other settings.
  /// - Parameter remedy: what else can be done; by default, to begin with its weights.
  func requireSettings(_ wanted: [String: String], from path: String, remedy: String? = nil) throws {
    let names = Set(wanted.keys).union(settings.keys).sorted()
    let differences = names.filter { wanted[$0] != settings[$0] }.map { name in
      "\(name) is \(wanted[name] ?? "not given") instead of \(settings[name] ?? "not given")"
    }
    guard differences.isEmpty else {
      throw ToolError(
        "\(path) belongs to a run with other settings: \(differences.joined(separator: ", ")). Give the same, or "
          + (remedy ?? "start anew from its weights with --from \(path)") + ".")
    }
  }
}
