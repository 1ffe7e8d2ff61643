import Foundation
import Testing

/// The names that scripts rely on.
@Suite(.serialized, .enabled(if: TestData.isThere, "MARTLET_TEST_DATA names no folder"))
struct JSONKeysTests {
  private static let network = TestData.path("models/cifar10_resnet20_f32.onnx")

  /// Eight pictures of noise in two class folders.
  private func pictures() throws -> String {
    let folder = TemporaryFolder.shared
    var state: UInt32 = 7
    for number in 0..<8 {
      let noise = (0..<32 * 32 * 3).map { _ -> UInt8 in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
      }
      let name = number % 2 == 0 ? "even" : "odd"
      try FileManager.default.createDirectory(
        at: folder.file("classes/\(name)"), withIntermediateDirectories: true)
      _ = try folder.write(Array("P6 32 32 255\n".utf8) + noise, as: "classes/\(name)/\(number).ppm")
    }
    return folder.file("classes").path
  }

  private func packed(_ name: String) throws -> String {
    let output = TemporaryFolder.shared.file(name).path
    let run = try ToolProcess(
      "convert", Self.network, "--preset", "cifar10", "--calibrate", try pictures(), "-o", output, "--json")
    try #require(run.status == 0, "\(run.errors)")
    #expect(Set(try run.json().keys).isSuperset(of: ["arena_bytes", "file_bytes", "top1_agreement"]))
    return output
  }

  @Test func run() throws {
    let result = try ToolProcess(
      "run", try packed("run.martlet"), try pictures() + "/odd/1.ppm", "--top", "3", "--json")
    #expect(result.status == 0, "\(result.errors)")
    let json = try result.json()
    let outputs = try #require(json["outputs"] as? [[String: Any]])
    #expect(Set(outputs[0].keys) == ["name", "shape", "values", "element_type"])
    #expect((outputs[0]["values"] as? [Any])?.count == 10)
    let top = try #require(json["top"] as? [[String: Any]])
    #expect(top.count == 3)
    #expect(Set(top[0].keys) == ["index", "label", "probability"])
    #expect(top[0]["label"] is NSNull)
  }

  @Test func eval() throws {
    let data = try pictures()
    for model in [try packed("eval.martlet"), Self.network] {
      let result = try ToolProcess("eval", model, "--preset", "cifar10", "--data", data, "--json")
      #expect(result.status == 0, "\(result.errors)")
      let json = try result.json()
      #expect(json["images"] as? Int == 8)
      #expect((json["top1"] as? Double).map { (0...1).contains($0) } == true)
      #expect((json["top5"] as? Double).map { (0...1).contains($0) } == true)
    }
  }

  @Test func bench() throws {
    let result = try ToolProcess("bench", try packed("bench.martlet"), "--runs", "5", "--json")
    #expect(result.status == 0, "\(result.errors)")
    let json = try result.json()
    #expect(
      Set(json.keys).isSuperset(of: [
        "isa", "threads", "runs", "latency_ms", "macs", "gmac_per_s", "arena_bytes", "model_bytes", "peak_rss_bytes",
        "private_bytes", "allocations", "operators",
      ]))
    #expect(json["allocations"] as? Int == 0)
    let latency = try #require(json["latency_ms"] as? [String: Any])
    #expect(Set(latency.keys) == ["min", "median", "p90", "p99"])
    let operators = try #require(json["operators"] as? [[String: Any]])
    #expect(Set(operators[0].keys).isSuperset(of: ["name", "kind", "median_us", "macs"]))
  }

  @Test func inspect() throws {
    let result = try ToolProcess("inspect", try packed("inspect.martlet"), "--json")
    #expect(result.status == 0, "\(result.errors)")
    let json = try result.json()
    #expect(json["format_version"] as? Int == 1)
    // 40.55 million with the taps that fall on padding, which do not count.
    #expect((json["macs"] as? Int).map { (36_000_000..<40_553_088).contains($0) } == true)
    #expect(Set(json.keys).isSuperset(of: ["arena_bytes", "weights_bytes", "parameters", "operators"]))
    let operators = try #require(json["operators"] as? [[String: Any]])
    #expect(Set(operators[0].keys).isSuperset(of: ["name", "kind", "input", "output"]))
  }

  @Test func conversionIsDeterministicAndVerifies() throws {
    let first = try Data(contentsOf: URL(fileURLWithPath: try packed("first.martlet")))
    let second = try Data(contentsOf: URL(fileURLWithPath: try packed("second.martlet")))
    #expect(first == second)
    #expect(try ToolProcess("verify", TemporaryFolder.shared.file("second.martlet").path).status == 0)
  }

  @Test func compareNamesLayersAndDrawsThem() throws {
    let page = TemporaryFolder.shared.file("comparison.html").path
    let result = try ToolProcess(
      "compare", Self.network, try packed("compare.martlet"), "--data", try pictures(), "--limit", "2",
      "--cost-inputs", "1", "--report", page, "--json")
    try #require(result.status == 0, "\(result.errors)")
    let json = try result.json()
    #expect(Set(json.keys) == ["images", "output", "top1_agreement", "ranking", "layers", "examples"])
    let layers = try #require(json["layers"] as? [[String: Any]])
    #expect(layers.count > 15)
    #expect((layers[0]["signal_to_noise_db"] as? Double ?? 0) > 15)
    #expect(
      Set(layers[0].keys) == [
        "name", "kind", "shape", "signal_to_noise_db", "cosine", "maximum_error", "isolated",
        "output_signal_to_noise_db", "saturated_share", "rounding_share", "input_share", "seen_range", "held_range",
        "channels",
        "dead_channels", "constant_channels", "lost_channels", "worst_channels", "causes",
      ])
    #expect((json["ranking"] as? [String]).map(Set.init) == Set(layers.compactMap { $0["name"] as? String }))
    let text = try String(contentsOfFile: page, encoding: .utf8)
    #expect(unbalancedTag(text.replacing("<!doctype html>", with: "")) == nil)
    #expect(text.contains("prefers-color-scheme:dark"))
    #expect(text.components(separatedBy: "data:image/png;base64,").count > 8)
    for word in ["src=\"http", "href", "url(", "@import", "<script", ">nan", ">inf"] {
      #expect(!text.contains(word), "\(word)")
    }
    for layer in layers { #expect(text.contains(layer["name"] as? String ?? "?")) }
  }

  @Test func everyFamilyGivesTheSameAnswer() throws {
    let model = try packed("families.martlet")
    let picture = try pictures() + "/even/0.ppm"
    let scalar = try ToolProcess("run", model, picture, "--json", environment: ["MARTLET_ISA": "scalar"])
    let families = try #require(try ToolProcess("list", "--json").json()["kernels"] as? [[String: Any]])
    for family in families.compactMap({ $0["name"] as? String }) {
      let answer = try ToolProcess("run", model, picture, "--json", environment: ["MARTLET_ISA": family])
      #expect(answer.output == scalar.output, "\(family)")
    }
    #expect(try ToolProcess("list", environment: ["MARTLET_ISA": "abacus"]).status != 0)
  }
}
