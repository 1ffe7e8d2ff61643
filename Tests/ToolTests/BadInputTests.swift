import Foundation
import Testing

/// What bad input gets: one clear sentence, a non-zero exit, and no half-written file.
@Suite struct BadInputTests {
  let folder = TemporaryFolder.shared

  private func expectRefusal(_ run: ToolProcess, mentions words: String..., output: String? = nil) {
    #expect(run.status > 0, "exit \(run.status), \(run.errors)")
    let sentence = run.errors.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(!sentence.isEmpty)
    for word in words { #expect(sentence.localizedCaseInsensitiveContains(word), "\(sentence) should mention \(word)") }
    #expect(!sentence.contains("Fatal error"), "\(sentence)")
    if let output { #expect(!FileManager.default.fileExists(atPath: output)) }
  }

  private func leftovers(of output: String) throws -> [String] {
    let name = URL(fileURLWithPath: output).lastPathComponent
    return try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter { $0.contains(name) }
  }

  @Test func missingFile() throws {
    expectRefusal(try ToolProcess("inspect", "/nowhere/model.martlet"), mentions: "/nowhere/model.martlet")
  }

  @Test func textFileRenamed() throws {
    let path = try folder.write(Array("This is a shopping list.\n".utf8), as: "text.martlet")
    expectRefusal(try ToolProcess("run", path, "x.jpg"), mentions: "text.martlet")
    let onnx = try folder.write(Array("Milk, bread, and a network.\n".utf8), as: "text.onnx")
    let output = folder.file("text-out.martlet").path
    expectRefusal(
      try ToolProcess("convert", onnx, "--calibrate", folder.url.path, "-o", output), mentions: "text.onnx",
      output: output)
  }

  @Test(arguments: [["plan"], ["convert", "-o", "never.martlet", "--calibrate", "."]])
  func packedModelsAreNoFloatNetworks(command: [String]) throws {
    let path = try folder.write(Array("MARTLET\n and more".utf8), as: "packed-\(command[0]).martlet")
    expectRefusal(
      try ToolProcess([command[0], path] + command.dropFirst()), mentions: "packed model",
      "the one that it was made of",
      output: "never.martlet")
  }

  @Test func emptyFile() throws {
    let path = try folder.write([], as: "empty.martlet")
    expectRefusal(try ToolProcess("verify", path), mentions: "empty.martlet")
  }

  @Test func unknownFaultCode() throws {
    expectRefusal(try ToolProcess("explain", "999"), mentions: "999")
  }

  @Test(.enabled(if: TestData.isThere, "MARTLET_TEST_DATA names no folder"))
  func truncatedNetwork() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: TestData.path("models/cifar10_resnet20_f32.onnx")))
    let path = try folder.write(Array(whole.prefix(whole.count / 2)), as: "half.onnx")
    let output = folder.file("half-out.martlet").path
    expectRefusal(
      try ToolProcess("convert", path, "--calibrate", try pictures(), "-o", output),
      mentions: "half.onnx", output: output)
  }

  @Test(.enabled(if: TestData.isThere, "MARTLET_TEST_DATA names no folder"))
  func emptyCalibrationFolder() throws {
    let empty = folder.file("no-pictures")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    let output = folder.file("uncalibrated.martlet").path
    expectRefusal(
      try ToolProcess(
        "convert", TestData.path("models/cifar10_resnet20_f32.onnx"), "--preset", "cifar10", "--calibrate", empty.path,
        "-o", output), mentions: "no-pictures", output: output)
  }

  /// Four pictures of noise, so that no image library is needed.
  private func pictures() throws -> String {
    var state: UInt32 = 1
    for number in 0..<4 {
      let noise = (0..<32 * 32 * 3).map { _ -> UInt8 in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
      }
      try FileManager.default.createDirectory(at: folder.file("noise"), withIntermediateDirectories: true)
      _ = try folder.write(Array("P6 32 32 255\n".utf8) + noise, as: "noise/\(number).ppm")
    }
    return folder.file("noise").path
  }

  @Test(.enabled(if: TestData.isThere, "MARTLET_TEST_DATA names no folder"))
  func damagedPackedModelPictureAndDisk() throws {
    let output = folder.file("resnet20.martlet").path
    let network = TestData.path("models/cifar10_resnet20_f32.onnx")
    let pictures = try pictures()
    let arguments = ["--preset", "cifar10", "--calibrate", pictures, "--calibration-images", "4"]
    let full = try ToolProcess(
      "convert", network, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5], "-o",
      "/dev/full")
    expectRefusal(full, mentions: "/dev/full")
    let small = try ToolProcess(
      "convert", network, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5], "-o",
      output, limits: "trap '' XFSZ; ulimit -f 100")
    expectRefusal(small, mentions: "resnet20.martlet", output: output)
    #expect(try leftovers(of: output).isEmpty)

    let converted = try ToolProcess(
      "convert", network, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5], "-o",
      output)
    try #require(converted.status == 0, "\(converted.errors)")
    let whole = try Data(contentsOf: URL(fileURLWithPath: output))
    let half = try folder.write(Array(whole.prefix(whole.count / 2)), as: "half.martlet")
    let picture = pictures + "/0.ppm"
    expectRefusal(try ToolProcess("run", half, picture), mentions: "half.martlet", "shorter")
    let notPicture = try folder.write(Array("not a picture at all".utf8), as: "fake.jpg")
    expectRefusal(try ToolProcess("run", output, notPicture), mentions: "fake.jpg")
    let answer = try ToolProcess("run", output, picture, "--json")
    #expect(answer.status == 0, "\(answer.errors)")
    #expect(try answer.json()["outputs"] != nil)
  }
}
