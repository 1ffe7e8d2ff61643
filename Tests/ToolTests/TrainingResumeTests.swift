import Foundation
import Testing

/// `martlet train --checkpoint`: runs that are killed and go on come to the same weights.
@Suite struct TrainingResumeTests {
  private func arguments(_ data: String, _ output: String, _ more: [String] = []) -> [String] {
    [
      "train", "lenet-5", "--data", data, "--epochs", "3", "--batch", "8", "--rate", "0.02", "--shift", "2", "--flip",
      "--width", "0.5", "-o", output,
    ] + more
  }

  private func temporary(_ name: String) -> String {
    TemporaryFolder.shared.file("\(UUID().uuidString)-\(name)").path
  }

  /// When the file was written anew, some milliseconds later.
  private func changes(_ path: String, afterMilliseconds delay: Int) -> ToolProcess.Ending {
    func inode() -> UInt64 {
      var status = stat()
      return stat(path, &status) == 0 ? UInt64(status.st_ino) &+ UInt64(status.st_mtim.tv_nsec) : 0
    }
    let before = inode()
    var left: Int?
    return ToolProcess.Ending(signal: SIGKILL) {
      if left == nil, inode() != before { left = delay }
      guard let rest = left else { return false }
      left = rest - 1
      return rest <= 0
    }
  }

  @Test(arguments: ["sgd", "adamw"]) func killedRunsComeToTheSameWeights(_ optimizer: String) throws {
    let data = try StripePictures.make(classes: 4, training: 64, test: 8)
    let (whole, broken, checkpoint) = (temporary("whole"), temporary("broken"), temporary("checkpoint"))
    let (log, wholeLog) = (temporary("log.csv"), temporary("whole.csv"))
    let more = ["--optimizer", optimizer]
    let uninterrupted = try ToolProcess(arguments(data, whole, more + ["--log", wholeLog]))
    #expect(uninterrupted.status == 0, "\(uninterrupted.errors)")
    let command = arguments(
      data, broken, more + ["--checkpoint", checkpoint, "--checkpoint-steps", "1", "--resume", "--log", log])
    var (kills, wentOn) = (0, 0)
    while kills < 4 {
      let run = try ToolProcess(command, ending: changes(checkpoint, afterMilliseconds: .random(in: 0..<40)))
      if run.errors.contains("going on after") { wentOn += 1 }
      guard run.status == -SIGKILL else { break }
      kills += 1
    }
    #expect(kills > 0)
    let last = try ToolProcess(command)
    #expect(last.status == 0, "\(last.errors)")
    #expect(last.errors.contains("going on after") && wentOn + 1 >= kills)
    #expect(try Data(contentsOf: URL(fileURLWithPath: whole)) == Data(contentsOf: URL(fileURLWithPath: broken)))
    #expect(try columns(log) == columns(wholeLog))
    let folder = URL(fileURLWithPath: checkpoint).deletingLastPathComponent().path
    let remains = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasPrefix(URL(fileURLWithPath: checkpoint).lastPathComponent + ".")
    }
    #expect(remains.isEmpty)
  }

  /// A log without its times.
  private func columns(_ path: String) throws -> [[Substring]] {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count > 3)
    return lines.map { Array($0.split(separator: ",", omittingEmptySubsequences: false).prefix(6)) }
  }

  @Test func stopsAtControlCAndGoesOn() throws {
    let data = try StripePictures.make(classes: 4, training: 64, test: 8)
    let (output, checkpoint, page) = (temporary("weights"), temporary("checkpoint"), temporary("page.html"))
    let command = arguments(data, output, ["--checkpoint", checkpoint, "--report", page])
    let started = Date()
    let stopped = try ToolProcess(
      command + ["--epochs", "100000"],
      ending: ToolProcess.Ending(signal: SIGINT) {
        Date().timeIntervalSince(started) > 60 || FileManager.default.fileExists(atPath: checkpoint)
      })
    #expect(stopped.status == 130 && stopped.errors.contains("--resume"), "\(stopped.errors)")
    let text = try String(contentsOfFile: page, encoding: .utf8)
    #expect(text.contains("polyline") && text.contains("prefers-color-scheme:dark") && !text.contains("http-equiv"))

    let other = try ToolProcess(command + ["--resume"])
    #expect(other.status > 0 && other.errors.contains("epochs is 3 instead of 100000"), "\(other.errors)")
    let unasked = try ToolProcess(command)
    #expect(unasked.status > 0 && unasked.errors.contains("--resume"), "\(unasked.errors)")
    let begun = try ToolProcess(arguments(data, output, ["--from", checkpoint, "--classes", "5"]))
    #expect(begun.status == 0, "\(begun.errors)")
    #expect(begun.errors.contains("fc3.weight is [10, 40] instead of [5, 40]"), "\(begun.errors)")
    let convert = try ToolProcess(
      "convert", checkpoint, "--architecture", "lenet-5", "--width", "0.5", "--preset", "mnist", "--calibrate", data,
      "-o", output + ".martlet")
    #expect(convert.status == 0 && !convert.errors.contains("training state"), "\(convert.errors)")
  }

  @Test func refusesDamagedCheckpoints() throws {
    let data = try StripePictures.make(classes: 4, training: 16, test: 8)
    let (output, checkpoint) = (temporary("weights"), temporary("checkpoint"))
    let command = arguments(data, output, ["--checkpoint", checkpoint, "--resume"])
    #expect(try ToolProcess(command).status == 0)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: checkpoint))
    bytes.removeLast(100)
    try bytes.write(to: URL(fileURLWithPath: checkpoint))
    let cut = try ToolProcess(command)
    #expect(cut.status > 0 && cut.errors.contains("damaged"), "\(cut.errors)")
    try Data(contentsOf: URL(fileURLWithPath: output)).write(to: URL(fileURLWithPath: checkpoint))
    let plain = try ToolProcess(command)
    #expect(plain.status > 0 && plain.errors.contains("--from"), "\(plain.errors)")
  }
}
