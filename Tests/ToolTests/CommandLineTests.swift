import ArgumentParser
import Graph
import Testing

@testable import Tool

/// Any words on the command line: understood or refused, never a crash.
@Suite struct CommandLineTests {
  private static let words = [
    "convert", "run", "eval", "bench", "inspect", "verify", "explain", "compare", "diff", "selftest", "sign", "deploy",
    "export", "plan", "list", "architectures", "train", "visualize", "filters", "--help", "--version", "-o", "--json",
    "--arena", "--threads",
    "--",
    "-", "", "=", "--=", "--arena=", "--arena=-1", "--threads=99999999999999999999", "--seed", "nan", "inf", "-0",
    "1e308",
    "0x7F", "é", "\u{0}", "a\nb", "--key", "--top", "-1", "--runs", "0", "model.martlet", "../../x", "%s%n",
  ]

  @Test func anyWordsAreUnderstoodOrRefused() {
    var random = SplitMix64(seed: 6)
    var refused = 0
    for _ in 0..<3000 {
      let arguments = (0..<random.below(8)).map { _ in
        let word = Self.words[random.below(Self.words.count)]
        return random.below(6) == 0 ? String(word.shuffled(using: &random)) : word
      }
      do {
        _ = try MartletCommand.parseAsRoot(arguments)
      } catch {
        refused += 1
        let text = MartletCommand.fullMessage(for: error)
        #expect(!text.isEmpty || MartletCommand.exitCode(for: error) == .success)
      }
    }
    #expect(refused > 1000 && refused < 3000)
  }
}
