import Foundation

/// Words that stand out, on terminals only.
enum Ink: String {
  case bold = "1"
  case bad = "31"
  case good = "32"

  /// Whether standard output is a terminal that shows colours, and nobody asked for none (NO_COLOR, https://no-color.org).
  static let isShown: Bool = {
    let environment = ProcessInfo.processInfo.environment
    return isatty(1) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }()

  /// The words, in this ink where it is shown.
  func callAsFunction(_ words: String) -> String { Self.isShown ? "\u{1B}[\(rawValue)m\(words)\u{1B}[0m" : words }
}
