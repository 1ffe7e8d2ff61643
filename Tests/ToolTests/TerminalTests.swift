import Foundation
import Testing

/// What a person at a terminal sees, and what a script reads.
@Suite struct TerminalTests {
  private static let script = "/usr/bin/script"

  /// What the tool prints when its output is a terminal.
  private func atTerminal(_ command: String, environment: [String: String] = [:]) throws -> String {
    let variables = ["TERM": "xterm", "NO_COLOR": ""].merging(environment) { $1 }
    return try ToolProcess(
      executable: Self.script, ["-qec", "\(ToolProcess.tool.path) \(command)", "/dev/null"], environment: variables
    ).output
  }

  /// Whether `script` is installed and gets a terminal from the system.
  private static var hasTerminal: Bool {
    guard FileManager.default.isExecutableFile(atPath: script) else { return false }
    return (try? ToolProcess(executable: script, ["-qec", "test -t 1", "/dev/null"]).status) == 0
  }

  @Test(.enabled(if: hasTerminal, "there is no terminal to be had"))
  func coloursAreForTerminals() throws {
    for command in ["doctor", "plan LeNet-5"] {
      #expect(try atTerminal(command).contains("\u{1B}[1m"), "\(command)")
      #expect(try !atTerminal(command, environment: ["NO_COLOR": "1"]).contains("\u{1B}"), "\(command)")
      #expect(try !atTerminal(command, environment: ["TERM": "dumb"]).contains("\u{1B}"), "\(command)")
      #expect(try !atTerminal("\(command) --json").contains("\u{1B}"), "\(command)")
      #expect(
        try !ToolProcess(command.split(separator: " ").map(String.init), environment: ["TERM": "xterm"]).output
          .contains("\u{1B}"), "\(command)")
    }
  }

  /// The commands of the tool as it describes itself, each with the names of its options.
  private func commands() throws -> [String: Set<String>] {
    let json = try ToolProcess("--experimental-dump-help").json()
    let all = (json["command"] as? [String: Any])?["subcommands"] as? [[String: Any]] ?? []
    var found: [String: Set<String>] = [:]
    for command in all {
      guard let name = command["commandName"] as? String, name != "help" else { continue }
      let nested = command["subcommands"] as? [[String: Any]] ?? []
      for leaf in nested.isEmpty ? [command] : nested where leaf["commandName"] as? String != "help" {
        let arguments = leaf["arguments"] as? [[String: Any]] ?? []
        let names = arguments.flatMap { $0["names"] as? [[String: Any]] ?? [] }.compactMap { $0["name"] as? String }
        found[leaf.count == command.count ? name : "\(name) \(leaf["commandName"] ?? "")"] = Set(names)
      }
    }
    return found
  }

  @Test func everyCommandTakesJSON() throws {
    let all = try commands()
    #expect(all.count > 20)
    for (name, options) in all { #expect(options.contains("json"), "\(name)") }
  }

  @Test(arguments: ["list", "architectures", "explain 4", "doctor", "plan LeNet-5"])
  func withJSONNothingElseIsPrinted(command: String) throws {
    let result = try ToolProcess(command.split(separator: " ").map(String.init) + ["--json"])
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(result.output.utf8)) }
  }
}
