import CHost
import Foundation

/// A line on standard error that says how far a long work has come. Silent for the first second, and rewritten in place
/// on a terminal; elsewhere one line every ten seconds.
final class Progress {
  private let title: String
  /// What was done before this process began.
  private let first: Int
  private let started = martlet_host_nanoseconds()
  private let isTerminal = isatty(2) == 1
  private var lastShown: UInt64 = 0
  private var isShown = false

  init(_ title: String, after first: Int = 0) { (self.title, self.first) = (title, first) }

  /// Shows `done` of `total`, and the time left as the pace so far suggests.
  func update(_ done: Int, of total: Int, note: String = "") {
    let now = martlet_host_nanoseconds()
    let elapsed = Double(now - started) / 1e9
    let interval: UInt64 = isTerminal ? 100_000_000 : 10_000_000_000
    guard elapsed > 1, now - lastShown >= interval || lastShown == 0, total > 0 else { return }
    lastShown = now
    isShown = true
    let left = done > first ? elapsed / Double(done - first) * Double(total - done) : 0
    var line = "\(title): \(done) of \(total)"
    if done > first { line += ", \(Self.duration(left)) left" }
    if !note.isEmpty { line += ", \(note)" }
    write(isTerminal ? "\r\u{1B}[K\(line)" : "\(line)\n")
  }

  /// Clears the line.
  func finish() {
    if isShown && isTerminal { write("\r\u{1B}[K") }
  }

  /// "41 s", "3 min 20 s".
  static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    return whole < 90 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}

/// A line on standard error, for what a person should know but a script must not read as a result.
func note(_ text: String) {
  FileHandle.standardError.write(Data("\(text)\n".utf8))
}
