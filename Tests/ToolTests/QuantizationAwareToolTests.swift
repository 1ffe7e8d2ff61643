import Foundation
import Testing

/// `martlet train --quantize-aware`: what it reports is what the packed network answers.
@Suite struct QuantizationAwareToolTests {
  private func temporary(_ name: String) -> String {
    TemporaryFolder.shared.file("\(UUID().uuidString)-\(name)").path
  }

  private func accuracy(_ run: ToolProcess) throws -> Double? {
    let epochs = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]]
    return epochs?.last?["test_accuracy"] as? Double
  }

  @Test func packsWhatItSimulated() throws {
    let data = try StripePictures.make(classes: 5, training: 64, test: 60)
    let (weights, aware, packed) = (temporary("float"), temporary("aware"), temporary("packed.martlet"))
    let start = [
      "train", "lenet-5", "--width", "0.5", "--input-size", "24x20", "--data", data, "--batch", "8", "--json", "-o",
    ]
    #expect(try ToolProcess(start + [weights, "--epochs", "2", "--rate", "0.01"]).status == 0)
    // A rate at which not all is learned, so that the accuracy tells something.
    let tuning = ["--quantize-aware", "--from", weights, "--epochs", "2", "--rate", "0.0005"]
    let run = try ToolProcess(start + [aware] + tuning)
    #expect(run.status == 0, "\(run.errors)")
    let convert = try ToolProcess(
      "convert", aware, "--architecture", "lenet-5", "--preset", "mnist", "-o", packed, "--json")
    #expect(convert.status == 0, "\(convert.errors)")
    #expect(try convert.json()["calibration_images"] as? Int == 0)
    let eval = try ToolProcess("eval", packed, "--data", data, "--json")
    #expect(try eval.json()["top1"] as? Double == accuracy(run))
    let other = try ToolProcess(
      "convert", aware, "--architecture", "lenet-5", "--classes", "7", "--preset", "mnist", "-o", packed)
    #expect(other.status > 0 && other.errors.contains("width 0.5"), "\(other.errors)")
    #expect(other.errors.contains("inputs of 24×20"), "\(other.errors)")
  }

  @Test func goesOnAfterAKill() throws {
    let data = try StripePictures.make(classes: 4, training: 32, test: 8)
    let (whole, broken, checkpoint) = (temporary("whole"), temporary("broken"), temporary("checkpoint"))
    let command = [
      "train", "lenet-5", "--width", "0.5", "--data", data, "--batch", "8", "--epochs", "3", "--quantize-aware", "-o",
    ]
    #expect(try ToolProcess(command + [whole]).status == 0)
    let kept = ["--checkpoint", checkpoint, "--checkpoint-steps", "1", "--resume"]
    let killed = try ToolProcess(
      command + [broken] + kept,
      ending: ToolProcess.Ending(signal: SIGKILL) { FileManager.default.fileExists(atPath: checkpoint) })
    #expect(killed.status == -SIGKILL)
    let resumed = try ToolProcess(command + [broken] + kept)
    #expect(resumed.status == 0 && resumed.errors.contains("going on after"), "\(resumed.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: whole)) == Data(contentsOf: URL(fileURLWithPath: broken)))
  }
}
