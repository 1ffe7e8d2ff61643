import Foundation
import Testing

/// `martlet train`: from pictures to weights that `convert` takes.
@Suite struct TrainTests {
  /// Gray pictures of 28×28 in MNIST's files: class c has a bright stripe of rows around 3 + 5 · c.
  private func stripes(classes: Int, training: Int, test: Int) throws -> String {
    let folder = TemporaryFolder.shared.file("stripes-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, count) in [("train", training), ("t10k", test)] {
      var (pixels, labels): ([UInt8], [UInt8]) = ([], [])
      for index in 0..<count {
        let label = index % classes
        labels.append(UInt8(label))
        for place in 0..<784 {
          let noise = UInt8((index &* 7919 &+ place &* 104_729) % 64)
          pixels.append(abs(place / 28 - 3 - 5 * label) <= 2 ? 160 + noise : noise)
        }
      }
      try idx([count, 28, 28], pixels).write(to: folder.appendingPathComponent("\(name)-images-idx3-ubyte"))
      try idx([count], labels).write(to: folder.appendingPathComponent("\(name)-labels-idx1-ubyte"))
    }
    return folder.path
  }

  private func idx(_ shape: [Int], _ bytes: [UInt8]) -> Data {
    var data = Data([0, 0, 8, UInt8(shape.count)])
    for size in shape { withUnsafeBytes(of: UInt32(size).bigEndian) { data.append(contentsOf: $0) } }
    return data + bytes
  }

  @Test func learnsAndConverts() throws {
    let data = try stripes(classes: 4, training: 96, test: 20)
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
    let eval = try ToolProcess("eval", packed, "--data", data, "--json")
    #expect(try eval.json()["top1"] as? Double ?? 0 >= 0.95, "\(eval.errors)")
  }

  @Test func refusesWhatItCannotTrain() throws {
    let data = try stripes(classes: 2, training: 8, test: 2)
    let output = TemporaryFolder.shared.file("none-\(UUID().uuidString).safetensors").path
    let few = try ToolProcess("train", "lenet-5", "--data", data, "--batch", "16", "-o", output)
    #expect(few.status > 0 && few.errors.contains("--batch"), "\(few.errors)")
    let classes = try ToolProcess("train", "lenet-5", "--data", data, "--classes", "1", "--batch", "4", "-o", output)
    #expect(classes.status > 0 && classes.errors.contains("--classes"), "\(classes.errors)")
    let signal = try ToolProcess("train", "eegnet", "--data", data, "-o", output)
    #expect(signal.status > 0, "\(signal.errors)")
    #expect(!FileManager.default.fileExists(atPath: output))
  }
}
