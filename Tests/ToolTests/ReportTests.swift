import Foundation
import Graph
import Testing

@testable import Compiler
@testable import Tool

/// The pages that commands write.
@Suite(.serialized) struct ReportTests {
  private func packed() throws -> String {
    let planner = try MemoryPlanner(try NamedNetworks.graph("LeNet-5"))
    return try TemporaryFolder.shared.write(try planner.packed(.automatic), as: "report.martlet")
  }

  /// The page's text, after checking that it is whole and asks for nothing else.
  private func page(_ path: String) throws -> String {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(unbalancedTag(text.replacing("<!doctype html>", with: "")) == nil)
    #expect(text.contains("prefers-color-scheme:dark"))
    for word in ["src=\"http", "href", "url(", "@import", "<script", ">nan", ">inf", "Optional("] {
      #expect(!text.contains(word), "\(word)")
    }
    return text
  }

  @Test func onlyNumbersLeanToTheRight() {
    var page = Page(title: "A table")
    page.addTable(["layer", .numbers("dB")], [["317", "31.5"], ["a/b", "-"]])
    #expect(page.html.contains("<thead><tr><th>layer</th><th class=\"n\">dB</th></tr></thead>"))
    #expect(page.html.contains("<tr><td>317</td><td class=\"n\">31.5</td></tr>"))
    #expect(page.html.contains("<tr><td>a/<wbr>b</td><td class=\"n\">-</td></tr>"))
  }

  @Test func inspectShowsEveryOperator() throws {
    let model = try packed()
    let path = TemporaryFolder.shared.file("inspect.html").path
    let run = try ToolProcess("inspect", model, "--report", path, "--json")
    try #require(run.status == 0, "\(run.errors)")
    let json = try run.json()
    let operators = try #require(json["operators"] as? [[String: Any]])
    #expect(operators.count > 4)
    let text = try page(path)
    for name in operators.compactMap({ $0["name"] as? String }) { #expect(text.contains("<td>\(name)</td>")) }
    #expect(text.components(separatedBy: "<svg").count == 4, "memory, work, weights")
    #expect(text.contains("What is") == false && text.contains("class=\"memory\""))
  }

  @Test func inspectShowsNetworksThatAreNotPacked() throws {
    let path = TemporaryFolder.shared.file("float.html").path
    let weights = "models/lenet-5-mnist.safetensors"
    let run = try ToolProcess("inspect", weights, "--architecture", "LeNet-5", "--report", path)
    try #require(run.status == 0, "\(run.errors)")
    #expect(try page(path).components(separatedBy: "<svg").count == 3, "no memory")
  }

  @Test func benchShowsRunsAndOperators() throws {
    let path = TemporaryFolder.shared.file("bench.html").path
    let run = try ToolProcess("bench", try packed(), "--runs", "20", "--report", path, "--json")
    try #require(run.status == 0, "\(run.errors)")
    let json = try run.json()
    #expect((json["peak_gmac_per_s"] as? Double ?? 0) > 0)
    let text = try page(path)
    let operators = try #require(json["operators"] as? [[String: Any]])
    for name in operators.compactMap({ $0["name"] as? String }) { #expect(text.contains("<td>\(name)</td>")) }
    #expect(text.components(separatedBy: "<circle").count == 21, "a mark a run")
    #expect(text.components(separatedBy: "<svg").count == 3, "runs, operators")
  }

  @Test func reportsAreRefusedWhereTheyCannotBe() throws {
    let model = try packed()
    #expect(try ToolProcess("inspect", model, "--report", "page.txt").status == 64)
    #expect(try ToolProcess("inspect", model, model, "--report", "page.html").status == 64)
    #expect(try ToolProcess("bench", model, "--report", "page.svg").status == 64)
    let absent = TemporaryFolder.shared.file("no/such/folder/page.html").path
    let run = try ToolProcess("inspect", model, "--report", absent)
    #expect(run.status == 1 && run.errors.contains(absent))
  }
}
