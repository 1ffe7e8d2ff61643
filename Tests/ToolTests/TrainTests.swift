import Foundation
import Testing

/// `martlet train`: from pictures to weights that `convert` takes.
@Suite struct TrainTests {
  @Test func learnsAndConverts() throws {
    let data = try StripePictures.make(classes: 4, training: 96, test: 20)
    let weights = TemporaryFolder.shared.file("lenet-\(UUID().uuidString).safetensors").path
    let arguments = [
      "train", "lenet-5", "--data", data, "--epochs", "4", "--batch", "16", "--rate", "0.02", "--shift", "1", "--json",
      "-o",
    ]
    let run = try ToolProcess(arguments + [weights])
    #expect(run.status == 0, "\(run.errors)")
    let epochs = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]] ?? []
    #expect(epochs.count == 4)
    #expect(epochs.last?["test_accuracy"] as? Double ?? 0 >= 0.95)
    let again = weights + ".again"
    #expect(try ToolProcess(arguments + [again]).status == 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: weights)) == Data(contentsOf: URL(fileURLWithPath: again)))

    let packed = weights + ".martlet"
    let convert = try ToolProcess(
      "convert", weights, "--architecture", "lenet-5", "--preset", "mnist", "--calibrate", data, "-o", packed)
    #expect(convert.status == 0, "\(convert.errors)")
    let answers = weights + ".csv"
    let eval = try ToolProcess("eval", packed, "--data", data, "--answers", answers, "--json")
    let top1 = try eval.json()["top1"] as? Double ?? 0
    #expect(top1 >= 0.95, "\(eval.errors)")
    let lines = try String(contentsOfFile: answers, encoding: .utf8).split(separator: "\n").dropFirst()
    let right = lines.filter { $0.split(separator: ",").suffix(2).first == $0.split(separator: ",").last }
    #expect(lines.count == 20 && Double(right.count) == 20 * top1)
  }

  @Test func refusesWhatItCannotTrain() throws {
    let data = try StripePictures.make(classes: 2, training: 8, test: 2)
    let output = TemporaryFolder.shared.file("none-\(UUID().uuidString).safetensors").path
    let few = try ToolProcess("train", "lenet-5", "--data", data, "--batch", "16", "-o", output)
    #expect(few.status > 0 && few.errors.contains("--batch"), "\(few.errors)")
    let classes = try ToolProcess("train", "lenet-5", "--data", data, "--classes", "1", "--batch", "4", "-o", output)
    #expect(classes.status > 0 && classes.errors.contains("--classes"), "\(classes.errors)")
    let signal = try ToolProcess("train", "eegnet", "--data", data, "-o", output)
    #expect(signal.status > 0, "\(signal.errors)")
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test func saysThatTheNetworkHasOutputsForMoreClasses() throws {
    let data = try StripePictures.make(classes: 2, training: 8, test: 2)
    let output = TemporaryFolder.shared.file("outputs-\(UUID().uuidString).safetensors").path
    let arguments = [
      "train", "lenet-5", "--width", "0.2", "--data", data, "--epochs", "1", "--batch", "4", "-o", output,
    ]
    let more = try ToolProcess(arguments)
    #expect(more.status == 0 && more.errors.contains("--classes 2"), "\(more.errors)")
    let same = try ToolProcess(arguments + ["--classes", "2"])
    #expect(same.status == 0 && !same.errors.contains("--classes"), "\(same.errors)")
    // The command that it prints packs what was trained.
    let next = same.output.split(separator: "\n").last { $0.hasPrefix("next: martlet ") } ?? ""
    let convert = try ToolProcess(next.split(separator: " ").dropFirst(2).map(String.init))
    #expect(convert.status == 0 && convert.output.contains("written"), "\(next): \(convert.errors)")
  }

  /// Losses, optimizers and changes of pictures, each of which changes the weights.
  @Test func optionsCount() throws {
    let data = try StripePictures.make(classes: 4, training: 16, test: 4)
    var found: [[String]: Data] = [:]
    let choices = [
      [], ["--optimizer", "rmsprop"], ["--optimizer", "adam"], ["--nesterov"], ["--loss", "hinge"],
      ["--label-smoothing", "0.1"], ["--schedule", "step"], ["--initialization", "xavier"],
      ["--shift", "3", "--padding", "noise"], ["--crop", "0.7"], ["--mixup", "0.4"],
    ]
    for choice in choices {
      let output = TemporaryFolder.shared.file("option-\(UUID().uuidString).safetensors").path
      let run = try ToolProcess(
        ["train", "lenet-5", "--width", "0.2", "--data", data, "--epochs", "2", "--batch", "8", "-o", output] + choice)
      #expect(run.status == 0, "\(run.errors)")
      found[choice] = try Data(contentsOf: URL(fileURLWithPath: output))
    }
    #expect(Set(found.values).count == choices.count)
    for wrong in [
      ["--loss", "hinge", "--label-smoothing", "0.1"], ["--optimizer", "adam", "--nesterov"],
      ["--milestones", "0.7,0.5"], ["--mixup", "3"],
    ] {
      let run = try ToolProcess(["train", "lenet-5", "--data", data, "-o", "/nowhere/x"] + wrong)
      #expect(run.status > 0 && !run.errors.contains("nowhere"), "\(wrong): \(run.errors)")
    }
  }
}
