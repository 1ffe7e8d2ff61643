import Foundation
import Testing

@testable import ImportFuzz

/// A short run of what `tools/fuzz-imports` does at length.
@Suite struct ImportFuzzTests {
  static let models: URL? = {
    let path = ProcessInfo.processInfo.environment["MARTLET_TEST_DATA"] ?? "../shared/data"
    let folder = URL(fileURLWithPath: path).appendingPathComponent("models")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }()

  private static let names = [
    "sine_tflm-hello-world_int8.tflite", "sine_tflm-hello-world_f32.tflite", "kws_tflm-micro-speech_int8.tflite",
    "mnist_tinymaix-resnet_int8.tflite", "mnist_cntk-cnn_f32.onnx",
  ]

  @Test(.enabled(if: models != nil, "MARTLET_TEST_DATA names no folder with models"))
  func damagedFilesAreRefusedOrImported() throws {
    let folder = try #require(Self.models)
    let files = try Self.names.map {
      FuzzedFile(name: $0, bytes: [UInt8](try Data(contentsOf: folder.appendingPathComponent($0))))
    }
    var run = FuzzRun(files: files, seed: 20)
    for number in 0..<3000 { run.run(case: number) }
    #expect(run.report.executions == 3000)
    #expect(run.report.refused + run.report.refusedLater + run.report.imported == 3000)
    #expect(run.report.refused > 300)
    #expect(run.report.imported > 300)
    #expect(run.report.ran > 100)
    #expect(run.report.largestGrowthBytes < 512 << 20)
  }

  @Test func aCaseIsDecidedBySeedAndNumber() {
    let files = ["a.onnx", "b.tflite"].map { FuzzedFile(name: $0, bytes: (0..<200).map { UInt8($0) }) }
    let (one, other) = (FuzzRun(files: files, seed: 1), FuzzRun(files: files, seed: 2))
    let cases = (0..<100).map(one.bytes(ofCase:))
    #expect(cases == (0..<100).map(one.bytes(ofCase:)))
    #expect(cases != (0..<100).map(other.bytes(ofCase:)))
    #expect(Set(cases).count > 90)
    #expect(cases.contains { $0.count < 150 } && cases.contains { $0.count > 200 })
    #expect(cases.filter { $0 == files[0].bytes }.count < 5)
  }

  @Test func emptyFilesAreRefused() {
    var run = FuzzRun(files: ["a.onnx", "b.tflite"].map { FuzzedFile(name: $0, bytes: []) }, seed: 3)
    for number in 0..<10 { run.run(case: number) }
    #expect(run.report.refused == 10)
  }
}
