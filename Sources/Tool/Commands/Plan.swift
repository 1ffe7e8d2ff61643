import Architectures
import ArgumentParser
import Compiler
import Foundation
import Graph

/// `martlet plan NETWORK…`.
struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints how much memory networks need, without calibration: whole tensors, by rows, with pushed rows.",
    discussion: """
      Example: martlet plan network.onnx MobileNetV2-1.0
      A network is a file (.onnx, .tflite) or the name of an architecture. `whole` computes layer by layer; `automatic` is \
      the smallest arena that costs no time, `smallest` the smallest of all; `pushed` takes the first input row by row, \
      so that it need not lie in the arena.
      """)

  @Argument(help: "Networks (.onnx, .tflite) or names of architectures; `martlet list` prints those.")
  var networks: [String]

  @Option(help: "Also the fastest plan in so many bytes.")
  var arena: Int?

  @Option(help: "How many threads the plans are made for.")
  var threads = 1

  @OptionGroup var output: OutputOptions

  private struct Entry: Encodable {
    let plan: String
    let pushesRows: Bool
    let arenaBytes: Int
    let lowerBoundBytes: Int
    let scratchBytes: Int
    let tailBytes: Int
    let turns: Int
  }

  private struct Result: Encodable {
    let network: String
    let operators: Int
    let plans: [Entry]
  }

  func validate() throws {
    guard !networks.isEmpty else { throw ValidationError("Name at least one network.") }
    guard (1...64).contains(threads) else { throw ValidationError("--threads is a number from 1 to 64.") }
    if let arena, arena < 1 { throw ValidationError("--arena is a number of bytes.") }
  }

  func run() throws {
    var results: [Result] = []
    for name in networks { results.append(try result(name)) }
    try output.emit(results) {
      var table = Table("network", "plan", "arena", "lower bound", "÷ bound", "of it scratch", "tail", "turns")
      for result in results {
        for entry in result.plans {
          table.add(
            result.network, entry.pushesRows ? "\(entry.plan), pushed" : entry.plan, entry.arenaBytes.grouped,
            entry.lowerBoundBytes.grouped,
            (Double(entry.arenaBytes) / Double(max(1, entry.lowerBoundBytes))).digits(3), entry.scratchBytes.grouped,
            "\(entry.tailBytes)", entry.turns.grouped)
        }
      }
      table.print()
    }
  }

  private func result(_ name: String) throws -> Result {
    let graph =
      FileManager.default.fileExists(atPath: name)
      ? try FloatSourceOptions.importNetwork(name) : try Architectures.named(name).build()
    let planner = try MemoryPlanner(graph, threads: threads)
    var goals: [(String, ArenaGoal)] = [("whole", .wholeTensors), ("automatic", .automatic), ("smallest", .smallest)]
    if let arena { goals.append(("--arena \(arena)", .bytes(arena))) }
    var entries: [Entry] = []
    var operators = 0
    for pushes in [false, true] {
      for (title, goal) in goals where !pushes || goal != .wholeTensors {
        guard let plan = try? planner.plan(goal, pushesInput: pushes) else {
          if case .bytes = goal { continue }
          _ = try planner.plan(goal, pushesInput: pushes)
          continue
        }
        operators = plan.operatorCount
        entries.append(
          Entry(
            plan: title, pushesRows: pushes, arenaBytes: plan.arenaBytes, lowerBoundBytes: plan.lowerBoundBytes,
            scratchBytes: plan.scratchBytes, tailBytes: plan.tailBytes, turns: plan.turnCount))
      }
    }
    let short = name.split(separator: "/").last.map(String.init) ?? name
    return Result(network: short, operators: operators, plans: entries)
  }
}
