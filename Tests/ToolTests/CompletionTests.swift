import ArgumentParser
import Foundation
import Testing

@testable import Tool

/// What shells complete.
@Suite struct CompletionTests {
  /// What bash offers for the last of these words.
  private func completions(_ words: String...) throws -> [String] {
    let script = TemporaryFolder.shared.file("martlet-\(UUID().uuidString).bash")
    try Data(MartletCommand.completionScript(for: .bash).utf8).write(to: script)
    let syntax = try ToolProcess(executable: "/bin/bash", ["-n", script.path])
    #expect(syntax.status == 0 && syntax.errors.isEmpty, "\(syntax.errors)")
    let program = """
      source "$0"
      COMP_LINE="$*"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_POINT=${#COMP_LINE}
      _martlet martlet "${@: -1}" "${@: -2:1}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let result = try ToolProcess(executable: "/bin/bash", ["-c", program, script.path] + words)
    #expect(result.status == 0, "\(result.errors)")
    return result.output.split(separator: "\n").map(String.init)
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/bin/bash"))) func bashOffersWhatFits() throws {
    #expect(try completions("martlet", "veri") == ["verify"])
    #expect(try completions("martlet", "run", "--to") == ["--top"])
    let commands = MartletCommand.configuration.subcommands.map { $0._commandName }
    #expect(Set(commands).isSubset(of: try completions("martlet", "")))
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func everyShellGetsAScript(shell: String) throws {
    let result = try ToolProcess("--generate-completion-script", shell)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("martlet") && result.output.contains("finetune"))
    #expect(try ToolProcess("--generate-completion-script", "abacus").status == 64)
  }
}
