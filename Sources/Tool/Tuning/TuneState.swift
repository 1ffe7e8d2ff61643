import Compiler
import Foundation

/// What a search has come to, in a folder: results, and a checkpoint of each trial that is not over.
struct TuneState: Codable, Equatable {
  /// A trial's score after so many epochs.
  struct Score: Codable, Equatable {
    let epochs: Int
    /// On the validation pictures; 0 where training failed.
    let accuracy: Double
    /// Why training failed.
    var failure: String?
  }

  /// What decides the search.
  let settings: [String: String]
  /// By the candidate's number.
  var scores: [Int: Score] = [:]

  init(settings: [String: String]) { self.settings = settings }

  /// The state that a folder holds; a new one if it holds none.
  /// - Throws: a sentence when it is of another search, or damaged.
  static func load(_ folder: String, settings: [String: String]) throws -> TuneState {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    guard let data = FileManager.default.contents(atPath: file(folder)) else { return TuneState(settings: settings) }
    guard let state = try? JSONDecoder().decode(TuneState.self, from: data) else {
      throw ToolError("\(file(folder)) is damaged: remove it to begin anew.")
    }
    let differences = Set(settings.keys).union(state.settings.keys).sorted().filter {
      settings[$0] != state.settings[$0]
    }
    guard differences.isEmpty else {
      let texts = differences.map {
        "\($0) is \(settings[$0] ?? "not given") instead of \(state.settings[$0] ?? "not given")"
      }
      throw ToolError(
        "\(folder) belongs to another search: \(texts.joined(separator: ", ")). Choose another --state folder.")
    }
    return state
  }

  /// Writes it whole or not at all.
  func write(_ folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    try AtomicFile.write(encoder.encode(self), to: Self.file(folder))
  }

  private static func file(_ folder: String) -> String { "\(folder)/search.json" }

  /// Where a trial's state is kept.
  static func checkpoint(_ folder: String, _ number: Int) -> String { "\(folder)/trial-\(number).checkpoint" }
}
