import Foundation
import Testing

@testable import Compiler
@testable import Tool

/// Documentation/ExitCodes.md says what the commands do. Ctrl-C and requests to end are in TrainingResumeTests, broken
/// contracts in ContractTests.
@Suite struct ExitCodeTests {
  /// The statuses of a section of the document.
  private func documented(_ section: String) throws -> Set<Int32> {
    let text = try String(contentsOfFile: "Documentation/ExitCodes.md", encoding: .utf8)
    let parts = text.components(separatedBy: "\n## ")
    let part = try #require(parts.first { $0.hasPrefix("\(section)\n") })
    return Set(part.split(separator: "\n").compactMap { $0.hasPrefix("| ") ? Int32($0.split(separator: " ")[1]) : nil })
  }

  @Test func martletEndsAsDocumented() throws {
    let damaged = try TemporaryFolder.shared.write(Array("MARTLET\n".utf8) + [1, 2, 3], as: "damaged.martlet")
    let cases: [(status: Int32, arguments: [String])] = [
      (0, ["--version"]), (0, ["--help"]), (0, ["list"]), (0, ["explain", "1"]),
      (1, ["run", "nowhere.martlet", "x.png"]), (1, ["verify", damaged]), (1, ["selftest", damaged, "--check"]),
      (1, ["explain", "9999"]), (1, ["inspect", "nowhere.onnx"]), (1, ["architectures", "abacus"]),
      (64, ["abacus"]), (64, ["run"]), (64, ["list", "--abacus"]), (64, ["sign", damaged]),
    ]
    for (status, arguments) in cases {
      let result = try ToolProcess(arguments)
      #expect(result.status == status, "\(arguments)")
      #expect(result.errors.isEmpty == (status == 0), "\(arguments): \(result.errors)")
      #expect(result.output.isEmpty || status == 0, "\(arguments): \(result.output)")
    }
    #expect(try documented("martlet") == Set(cases.map(\.status) + [Contract.exitCode, 128 + SIGINT, 128 + SIGTERM]))
  }

  /// 1 and 71 need a file that is cut short under a reader, and a system without memory: tools/kill-test --faults has both.
  @Test func martletRunEndsAsDocumented() throws {
    let runner = ToolProcess.tool.deletingLastPathComponent().appendingPathComponent("martlet-run").path
    let folder = TemporaryFolder.shared
    let packed = try MemoryPlanner(try NamedNetworks.graph("LeNet-5")).packed(.automatic)
    let model = try folder.write(packed, as: "edge.martlet")
    let damaged = try folder.write(Array(packed.dropLast(9)), as: "edge-damaged.martlet")
    let short = try folder.write([1, 2, 3], as: "edge.bin")
    let cases: [(status: Int32, arguments: [String], environment: [String: String])] = [
      (0, ["--help"], [:]), (0, [model], [:]), (64, [], [:]), (64, [model, "--abacus"], [:]),
      (64, [model], ["MARTLET_ISA": "abacus"]), (65, [damaged], [:]), (65, [model, short], [:]),
      (65, [model, "--selftest"], [:]), (66, ["nowhere.martlet"], [:]), (66, [model, "nowhere.bin"], [:]),
    ]
    for (status, arguments, environment) in cases {
      let result = try ToolProcess(executable: runner, arguments, environment: environment)
      #expect(result.status == status, "\(arguments): \(result.errors)")
      #expect(result.errors.isEmpty == (status == 0), "\(arguments): \(result.errors)")
      #expect(result.output.isEmpty == (status != 0), "\(arguments): \(result.output)")
    }
    let full = try ToolProcess(executable: "/bin/sh", ["-c", "exec \"$0\" \"$1\" >/dev/full", runner, model])
    #expect(full.status == 74 && full.errors.contains("cannot write"))
    #expect(try documented("martlet-run") == Set(cases.map(\.status) + [1, 71, 74]))
  }
}
