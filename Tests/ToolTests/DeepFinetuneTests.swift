import Foundation
import Testing

/// `martlet finetune --from`: layers of the float network learn, too, whatever ends the process on the way.
@Suite struct DeepFinetuneTests {
  /// A float network with its packed form, and pictures of other classes.
  private struct Setting {
    let architecture: [String]
    let weights: String
    let packed: String
    let data: String

    /// LeNet-5 or, with batch normalizations, ResNet-8; half as wide, trained for a moment.
    init(_ name: String) throws {
      let pictures = try StripePictures.make(classes: 4, training: 32, test: 8)
      let base = TemporaryFolder.shared.file(UUID().uuidString).path
      (weights, packed) = (base + ".safetensors", base + ".martlet")
      architecture = ["--architecture", name, "--width", "0.5"]
      let train = try ToolProcess(
        ["train", name, "--width", "0.5", "--data", pictures, "--batch", "8", "--epochs", "1", "-o", weights])
      #expect(train.status == 0, "\(train.errors)")
      let convert = try ToolProcess(
        [
          "convert", weights, "--preset", name == "lenet-5" ? "mnist" : "cifar10", "--calibrate", pictures, "-o",
          packed,
        ]
          + architecture)
      #expect(convert.status == 0, "\(convert.errors)")
      data = try StripePictures.make(classes: 3, training: 24, test: 12)
    }

    func command(_ out: String, _ more: String...) -> [String] {
      ["finetune", packed, "--from", weights, "--data", data, "--batch", "8", "-o", out, "--json"] + architecture + more
    }

    func output() -> String { packed + "-\(UUID().uuidString)" }
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  private func best(_ epochs: Any?) -> Double? {
    (epochs as? [[String: Any]])?.compactMap { $0["accuracy"] as? Double }.max()
  }

  @Test func goesOnAfterAnyEnd() throws {
    let setting = try Setting("lenet-5")
    let inputs = try [setting.packed, setting.weights].map(bytes)
    let options = ["--all", "--epochs", "4", "--rate", "0.02", "--quantize-aware", "--aware-epochs", "2"]
    let whole = setting.output()
    let run = try ToolProcess(setting.command(whole) + options)
    #expect(run.status == 0, "\(run.errors)")
    let report = try run.json()
    #expect(best(report["epochs"]) ?? 0 > 0.9)
    // What training simulated is what the packed network decides.
    #expect(report["packed_accuracy"] as? Double == best(report["quantization_aware_epochs"]))
    #expect(!FileManager.default.fileExists(atPath: whole + ".checkpoint"))

    let broken = setting.output()
    let checkpoint = broken + ".checkpoint"
    var last: Date?
    /// Whether the state was kept since the end before.
    func isKeptAnew() -> Bool {
      let changed = try? FileManager.default.attributesOfItem(atPath: checkpoint)[.modificationDate] as? Date
      return changed != nil && changed != last
    }
    for signal in [SIGKILL, SIGINT, SIGKILL] {
      let ended = try ToolProcess(
        setting.command(broken) + options, ending: ToolProcess.Ending(signal: signal, isDue: isKeptAnew))
      #expect(ended.status == (signal == SIGINT ? 128 + SIGINT : -signal), "\(ended.errors)")
      #expect(signal != SIGINT || ended.errors.contains("the same command goes on from here"))
      #expect(!FileManager.default.fileExists(atPath: broken))
      last = try FileManager.default.attributesOfItem(atPath: checkpoint)[.modificationDate] as? Date
    }
    let other = try ToolProcess(setting.command(broken) + options + ["--rate-ratio", "0.5"])
    #expect(other.status > 0 && other.errors.contains("rate-ratio is 0.5 instead of 0.95"), "\(other.errors)")
    let resumed = try ToolProcess(setting.command(broken) + options)
    #expect(resumed.status == 0 && resumed.errors.contains("going on after"), "\(resumed.errors)")
    #expect(try bytes(broken) == bytes(whole))
    #expect(try [setting.packed, setting.weights].map(bytes) == inputs)
  }

  @Test func statisticsStayOrAreUpdated() throws {
    let setting = try Setting("resnet8-cifar")
    var models: [Data] = []
    for more in [["--unfreeze", "1"], ["--all"], ["--all", "--update-statistics"]] {
      let out = setting.output()
      let run = try ToolProcess(setting.command(out) + more + ["--epochs", "1"])
      #expect(run.status == 0, "\(run.errors)")
      #expect(best(try run.json()["epochs"]) ?? 0 > 0.5)
      #expect(try ToolProcess("selftest", out, "--check").status == 0)
      models.append(try bytes(out))
    }
    #expect(Set(models).count == 3)
  }

  @Test func refusesWhatDoesNotFit() throws {
    let setting = try Setting("lenet-5")
    func errors(_ more: [String]) throws -> String {
      let out = setting.output()
      let run = try ToolProcess(["finetune", setting.packed, "--data", setting.data, "-o", out] + more)
      #expect(run.status > 0 && !FileManager.default.fileExists(atPath: out))
      return run.errors
    }
    #expect(try errors(["--quantize-aware"]).contains("need --from"))
    #expect(try errors(["--from", setting.weights]).contains("--unfreeze LAYERS or --all"))
    #expect(try errors(["--from", setting.packed, "--all"] + setting.architecture).contains(setting.packed))
    let here = TemporaryFolder.shared.file("\(UUID().uuidString)-other").path
    try Data("no checkpoint".utf8).write(to: URL(fileURLWithPath: here))
    let from = ["--from", setting.weights, "--all"] + setting.architecture
    #expect(try errors(from + ["--checkpoint", here]).contains(here))
    #expect(try bytes(here) == Data("no checkpoint".utf8))
    #expect(try errors(from + ["--checkpoint", setting.packed]).contains("is the network itself"))
  }
}
