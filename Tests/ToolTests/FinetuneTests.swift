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

  @Test func goesOnAfterAKillAtAnyMoment() throws {
    let network = try backbone(seed: 3)
    let before = try Data(contentsOf: URL(fileURLWithPath: network))
    let data = try pictures(["ant": 12, "bee": 12])
    func command(_ out: String) -> [String] { ["finetune", network, "--data", data, "-o", out, "--json"] }
    let (whole, broken) = (network + ".whole", network + ".broken")
    #expect(try ToolProcess(command(whole)).status == 0)
    let size = try Data(contentsOf: URL(fileURLWithPath: whole + ".features")).count
    for share in [0.1, 0.5, 0.8, 1] {
      let killed = try ToolProcess(
        command(broken),
        ending: ToolProcess.Ending(signal: SIGKILL) {
          let attributes = try? FileManager.default.attributesOfItem(atPath: broken + ".features")
          return Double(attributes?[.size] as? Int ?? 0) >= share * Double(size)
        })
      #expect(killed.status == -SIGKILL)
      #expect(!FileManager.default.fileExists(atPath: broken))
      #expect(try Data(contentsOf: URL(fileURLWithPath: network)) == before)
    }
    let last = try ToolProcess(command(broken))
    #expect(try last.json()["computed_features"] as? Int == 0, "\(last.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: broken)) == Data(contentsOf: URL(fileURLWithPath: whole)))
  }

  @Test func saysWhatIsInTwoPlaces() throws {
    let data = TemporaryFolder.shared.file("halves-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    let seen = try pictures(["ant": 16, "bee": 4])
    for half in ["train", "val"] { try FileManager.default.copyItem(atPath: seen, toPath: data.path + "/\(half)") }
    try FileManager.default.copyItem(
      atPath: seen + "/ant/picture0.ppm", toPath: data.path + "/train/bee/ant.ppm")
    let network = try backbone(seed: 1)
    let run = try ToolProcess("finetune", network, "--data", data.path, "--patch", network + ".head", "--json")
    #expect(run.status == 0)
    let report = try run.json()
    #expect((report["duplicates"] as? [Any])?.count == 20 && (report["contradictions"] as? [Any])?.count == 1)
    #expect(run.errors.contains("the same picture is learned from and measured with"))
    #expect(run.errors.contains("20 of the pictures held back are also learned from"))
    #expect(run.errors.contains("the same picture is in two classes"))
  }

  @Test func learnsFromAnEarlierLayerAndFromOnePicture() throws {
    let network = try backbone(seed: 1)
    let data = try pictures(["ant": 8, "bee": 8, "wasp": 8])
    let earlier = [
      "finetune", network, "--data", data, "--head", "svm", "--features", "layer2.0.conv1", "--views", "2", "--patch",
      network + ".svm", "--no-cache", "--json",
    ]
    let run = try ToolProcess(earlier)
    let report = try run.json()
    #expect(report["is_pooled"] as? Bool == true && report["feature_count"] as? Int == 32, "\(run.errors)")
    // Four of five pictures, twice each; the others once.
    #expect(report["computed_features"] as? Int == 24 * 2 && report["training_images"] as? Int == 18)
    #expect(report["packed_accuracy"] as? Double ?? 0 > 0.8)
    let one = ["finetune", network, "--data", try pictures(["ant": 1, "bee": 1]), "--head", "imprint", "--json"]
    let imprinted = try ToolProcess(one + ["--patch", network + ".imprint"])
    #expect(imprinted.status == 0, "\(imprinted.errors)")
    #expect(try imprinted.json()["training_images"] as? Int == 2)
  }

  @Test func saysWhichLayersToTrain() throws {
    let network = try backbone(seed: 1)
    let run = try ToolProcess(
      "finetune", network, "--data", pictures(["ant": 6, "bee": 6]), "--advise", "--json")
    let advice = try run.json()
    #expect((advice["advice"] as? String)?.hasPrefix("a linear head on") == true, "\(run.errors)")
    let reasons = advice["reasons"] as? [String] ?? []
    #expect(reasons.contains { $0.contains("6 pictures") } && reasons.contains { $0.contains("in cross-validation") })
    #expect(!FileManager.default.fileExists(atPath: network + ".features"))
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
