import Foundation
import Testing

@testable import EdgeRun

/// Documentation/ExitCodes.md lists every status of `martlet-run`.
@Suite struct StatusTests {
  @Test func everyStatusIsDocumented() throws {
    let text = try String(contentsOfFile: "Documentation/ExitCodes.md", encoding: .utf8)
    let part = try #require(text.components(separatedBy: "\n## ").first { $0.hasPrefix("martlet-run\n") })
    let documented = part.split(separator: "\n").compactMap { line in
      line.hasPrefix("| ") ? Int32(line.split(separator: " ")[1]) : nil
    }
    // 1 is what a mapped file that is cut short ends with, in C.
    #expect(Set(documented) == Set((Int32(0)...255).filter { EdgeRun.Status(rawValue: $0) != nil } + [1]))
  }
}
