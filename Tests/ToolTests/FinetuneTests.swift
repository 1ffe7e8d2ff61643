import Compiler
import Foundation
import Graph
import Testing

/// `martlet finetune`, `merge` and `run --head`, as a person runs them.
@Suite struct FinetuneTests {
  /// A packed classifier of 32×32 pictures with random weights.
  private func backbone(seed: Int) throws -> String {
    let path = TemporaryFolder.shared.file("backbone-\(UUID().uuidString).martlet").path
    let run = try ToolProcess(
      "convert", "--architecture", "resnet8-cifar", "--random-weights", "\(seed)", "--preset", "cifar10", "-o", path)
    #expect(run.status == 0, "\(run.errors)")
    return path
  }

  /// Pictures of 32×32: class c has a bright band of rows in one color.
  private func pictures(_ counts: [String: Int], damaged: Int = 0) throws -> String {
    let folder = TemporaryFolder.shared.file("pictures-\(UUID().uuidString)")
    var random = SplitMix64(seed: 7)
    for (label, name) in counts.keys.sorted().enumerated() {
      let inner = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
      for index in 0..<(counts[name] ?? 0) {
        let start = 4 + 9 * label + random.below(5)
        let pixels = (0..<32 * 32 * 3).map { place -> UInt8 in
          let isBright = (start..<start + 7).contains(place / 96) && place % 3 == label % 3
          return UInt8((isBright ? 180 : 30) + random.below(60))
        }
        let file = inner.appendingPathComponent("picture\(index).ppm")
        try (Data("P6\n32 32\n255\n".utf8) + pixels).write(to: file)
      }
      for index in 0..<(label == 0 ? damaged : 0) {
        try Data("P6\n32 32\n255\nshort".utf8).write(to: inner.appendingPathComponent("damaged\(index).ppm"))
      }
    }
    return folder.path
  }

  @Test func teachesMergesAndGoesOn() throws {
    let network = try backbone(seed: 1)
    let before = try Data(contentsOf: URL(fileURLWithPath: network))
    let data = try pictures(["ant": 20, "bee": 20, "wasp": 20], damaged: 2)
    let (out, patch) = (network + ".mine.martlet", network + ".martlet-head")
    let arguments = ["finetune", network, "--data", data, "-o", out, "--patch", patch, "--folds", "3", "--json"]
    let run = try ToolProcess(arguments)
    #expect(run.status == 0, "\(run.errors)")
    let report = try run.json()
    #expect(report["packed_accuracy"] as? Double ?? 0 >= 0.9)
    #expect((report["unreadable"] as? [Any])?.count == 2 && run.errors.contains("damaged0.ppm"))
    #expect((report["computed_features"] as? Int) == 60)
    #expect((report["fold_accuracies"] as? [Double])?.count == 3)
    #expect(try Data(contentsOf: URL(fileURLWithPath: network)) == before)

    // Features were kept, a damaged end of them does not matter, and the same pictures give the same bytes.
    let first = try Data(contentsOf: URL(fileURLWithPath: out))
    let cache = URL(fileURLWithPath: out + ".features")
    try Data(contentsOf: cache).dropLast(5).write(to: cache)
    let again = try ToolProcess(arguments)
    #expect(try again.json()["computed_features"] as? Int == 1, "\(again.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: out)) == first)

    let check = try ToolProcess("selftest", out, "--check")
    #expect(check.status == 0, "\(check.errors)")
    let merged = network + ".merged.martlet"
    #expect(try ToolProcess("merge", network, "--head", patch, "-o", merged).status == 0)
    let picture = data + "/wasp/picture3.ppm"
    let one = try ToolProcess("run", merged, picture, "--json")
    let two = try ToolProcess("run", network, picture, "--head", patch, "--json")
    #expect(one.status == 0 && one.output == two.output, "\(two.errors)")
    #expect(one.output.contains("wasp"))
    let clean = try pictures(["ant": 6, "bee": 6, "wasp": 6])
    let eval = try ToolProcess("eval", network, "--head", patch, "--data", clean, "--json")
    #expect(try eval.json()["top1"] as? Double ?? 0 >= 0.9, "\(eval.errors)")

    let other = try ToolProcess("run", try backbone(seed: 2), picture, "--head", patch)
    #expect(other.status > 0 && other.errors.contains("another network"), "\(other.errors)")
  }

  @Test func refusesWhatCannotBeLearned() throws {
    let network = try backbone(seed: 1)
    func errors(_ data: String, _ more: String...) throws -> String {
      let run = try ToolProcess(["finetune", network, "--data", data, "-o", network + ".none", "--no-cache"] + more)
      #expect(run.status > 0)
      #expect(!FileManager.default.fileExists(atPath: network + ".none"))
      return run.errors
    }
    #expect(try errors(pictures(["ant": 4])).contains("one class only"))
    #expect(try errors(pictures(["ant": 4, "bee": 1])).contains("imprint"))
    #expect(try errors(pictures(["ant": 4, "bee": 4], damaged: 2)).contains("tenth"))
    #expect(try errors(pictures(["ant": 4, "bee": 4]), "--features", "nothing").contains("no layer called nothing"))
    let same = try ToolProcess("finetune", network, "--data", pictures(["ant": 4, "bee": 4]), "-o", network)
    #expect(same.status > 0 && same.errors.contains("is the network itself"))
  }
}
