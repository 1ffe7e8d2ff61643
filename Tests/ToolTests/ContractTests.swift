@testable import Compiler
import Foundation
import Testing

@testable import Tool

@Suite(.serialized) struct ContractTests {
  private func contract(_ text: String) throws -> String {
    try TemporaryFolder.shared.write(Array(text.utf8), as: "contract-\(UUID().uuidString).json")
  }

  private func convert(_ terms: String, to path: String) throws -> ToolProcess {
    try ToolProcess(
      "convert", "--architecture", "lenet-5", "--random-weights", "1", "--contract", try contract(terms), "-o", path,
      "--json")
  }

  @Test func whatKeepsItIsWritten() throws {
    let path = TemporaryFolder.shared.file("kept.martlet").path
    let run = try convert(
      """
      {"arena_bytes": 100000, "flash_bytes": 1e6, "maximum_drop": 100, "float_operators": false, "latency_ratio": 1e6}
      """, to: path)
    try #require(run.status == 0, "\(run.errors)")
    #expect(FileManager.default.fileExists(atPath: path))
    let clauses = try #require(try run.json()["contract"] as? [[String: Any]])
    #expect(
      clauses.map { $0["term"] as? String } == [
        "arena_bytes", "flash_bytes", "maximum_drop", "float_operators", "latency_ratio",
      ])
    #expect(clauses.allSatisfy { $0["is_kept"] as? Bool == true })
    #expect(try #require(clauses[4]["measured"] as? Double) > 0)
  }

  @Test(arguments: [
    "arena_bytes": "{\"arena_bytes\": 100, \"flash_bytes\": 1e9}", "flash_bytes": "{\"flash_bytes\": 1000}",
    "latency_ratio": "{\"latency_ratio\": 0}",
  ])
  func whatBreaksItIsNot(term: String, terms: String) throws {
    let path = try TemporaryFolder.shared.write([1, 2, 3], as: "broken-\(term).martlet")
    let run = try convert(terms, to: path)
    #expect(run.status == Contract.exitCode)
    #expect(run.errors.contains("\(term): "), "\(run.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1, 2, 3]))
    let clauses = try #require(try run.json()["contract"] as? [[String: Any]])
    #expect(clauses.filter { $0["is_kept"] as? Bool == false }.compactMap { $0["term"] as? String } == [term])
  }

  @Test(arguments: [
    "", "[]", "{}", "{\"arena\": 5}", "{\"arena_bytes\": -1}", "{\"arena_bytes\": true}", "{\"arena_bytes\": \"5\"}",
    "{\"float_operators\": 0}", "{\"latency_ratio\": null}", "{\"flash_bytes\": 1e300}", "{\"flash_bytes\": [1]}",
    String(repeating: "[", count: 100_000),
  ])
  func whatIsNoneIsRefused(text: String) throws {
    let path = try contract(text)
    #expect(throws: ToolError.self) { try Contract(contentsOf: path) }
  }

  @Test func aDropThatIsNotKnownIsNoSmallOne() throws {
    let path = TemporaryFolder.shared.file("drop.martlet").path
    try #require(try convert("{\"flash_bytes\": 1e9}", to: path).status == 0)
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    var agreement = Agreement()
    let terms = try Contract(contentsOf: contract("{\"maximum_drop\": 2.5}"))
    for (top1, isKept) in [(nil, false), (0.97, false), (0.975, true), (1, true)] as [(Double?, Bool)] {
      agreement.top1 = top1
      let report = CompileReport(
        layers: [], arenaBytes: 1, lowerBoundBytes: 1, isPlanProvenSmallest: true, macs: 1, parameters: 1,
        calibrationExamples: 1, notes: [], agreement: agreement)
      #expect(try terms.clauses(CompiledModel(bytes: bytes, report: report)).map(\.isKept) == [isKept])
    }
  }
}
