import Foundation
import Testing

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
}
