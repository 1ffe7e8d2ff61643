import Foundation
import Testing

/// `martlet tune`: a repeatable search that never reads the test half.
@Suite struct TuneTests {
  private func temporary(_ name: String) -> String {
    TemporaryFolder.shared.file("\(UUID().uuidString)-\(name)").path
  }

  private func arguments(_ data: String, _ state: String, _ more: [String] = []) -> [String] {
    [
      "tune", "lenet-5", "--data", data, "--state", state, "--trials", "4", "--epochs", "2", "--batch", "8", "--widths",
      "0.2,0.4", "--validation", "0.25",
    ] + more
  }

  private func rows(_ run: ToolProcess) throws -> [[String: Any]] { try run.json()["trials"] as? [[String: Any]] ?? [] }

  @Test func searchesRepeatablyWithoutTheTestHalf() throws {
    let data = try StripePictures.make(classes: 4, training: 64, test: 4)
    let (first, log) = (temporary("first"), temporary("table.csv"))
    let run = try ToolProcess(arguments(data, first, ["--json", "--log", log]))
    #expect(run.status == 0, "\(run.errors)")
    let trials = try rows(run)
    #expect(trials.count == 4)
    // Halving: the better two of four train to the end.
    #expect(trials.map { $0["epochs"] as? Int } == [2, 2, 1, 1])
    let accuracies = trials.compactMap { $0["validation_accuracy"] as? Double }
    #expect(accuracies.count == 4 && accuracies[0] >= accuracies[1])
    #expect(try run.json()["best"] as? Int == trials[0]["trial"] as? Int)
    #expect(try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").count == 5)

    // Other test pictures, even useless ones, change nothing.
    for name in ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] {
      try Data().write(to: URL(fileURLWithPath: "\(data)/\(name)"))
    }
    let again = try ToolProcess(arguments(data, temporary("again"), ["--json"]))
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.output == run.output)
    let other = try ToolProcess(arguments(data, first, ["--json", "--seed", "2"]))
    #expect(other.status > 0 && other.errors.contains("seed is 2 instead of 1"), "\(other.errors)")
  }

  @Test func goesOnAfterAnInterruption() throws {
    let data = try StripePictures.make(classes: 4, training: 64, test: 4)
    let (whole, broken) = (temporary("whole"), temporary("broken"))
    let expected = try ToolProcess(arguments(data, whole, ["--json", "--search", "random"]))
    #expect(expected.status == 0, "\(expected.errors)")
    let command = arguments(data, broken, ["--json", "--search", "random"])
    for file in ["trial-1.checkpoint", "trial-3.checkpoint"] {
      let killed = try ToolProcess(
        command,
        ending: ToolProcess.Ending(signal: SIGKILL) { FileManager.default.fileExists(atPath: "\(broken)/\(file)") })
      #expect(killed.status == -SIGKILL, "\(killed.errors)")
    }
    let resumed = try ToolProcess(command)
    #expect(resumed.status == 0 && !resumed.errors.contains("trial 1, 2 epochs"), "\(resumed.errors)")
    #expect(resumed.output == expected.output)
  }

  @Test func refusesCandidatesBeyondTheBudgets() throws {
    let data = try StripePictures.make(classes: 4, training: 32, test: 4)
    let more = ["--json", "--epochs", "1", "--widths", "0.2,2"]
    let all = try rows(try ToolProcess(arguments(data, temporary("free"), more)))
    let arenas = Set(all.compactMap { $0["arena_bytes"] as? Int })
    let macs = Set(all.compactMap { $0["macs"] as? Int })
    #expect(arenas.count == 2 && macs.count == 2)
    let budgets = [("--budget-arena", arenas.min() ?? 0), ("--budget-macs", macs.min() ?? 0)]
    for (flag, budget) in budgets {
      let run = try ToolProcess(arguments(data, temporary("budget"), more + [flag, "\(budget)"]))
      let found = try rows(run)
      let refused = found.filter { ($0["note"] as? String)?.hasPrefix("refused") == true }
      #expect(!refused.isEmpty && found.count - refused.count == 4)
      #expect(refused.allSatisfy { $0["validation_accuracy"] == nil && $0["epochs"] as? Int == 0 })
      let trained = found.filter { $0["note"] == nil }
      #expect(trained.allSatisfy { $0["width"] as? Double == 0.2 })
    }
    let none = try ToolProcess(arguments(data, temporary("none"), ["--budget-arena", "10"]))
    #expect(none.status > 0 && none.errors.contains("--widths"), "\(none.errors)")
  }
}
