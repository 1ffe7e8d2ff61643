import Foundation
import FuzzTargets
import Graph
import Testing

/// A short run of what `tools/fuzz` does at length, by plain damage instead of guidance.
@Suite struct FuzzTargetsTests {
  private static let models: URL? = {
    let path = ProcessInfo.processInfo.environment["MARTLET_TEST_DATA"] ?? "../shared/data"
    let folder = URL(fileURLWithPath: path).appendingPathComponent("models")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }()

  @Test(
    .enabled(if: models != nil, "MARTLET_TEST_DATA names no folder with models"),
    arguments: [
      (FuzzTarget.tflite, "sine_tflm-hello-world_int8.tflite"), (.tflite, "sine_tflm-hello-world_f32.tflite"),
      (.tflite, "kws_tflm-micro-speech_int8.tflite"), (.tflite, "mnist_tinymaix-resnet_int8.tflite"),
      (.onnx, "mnist_cntk-cnn_f32.onnx"),
    ])
  func damagedNetworksAreRefusedOrImported(target: FuzzTarget, name: String) throws {
    let folder = try #require(Self.models)
    let file = FuzzedFile([UInt8](try Data(contentsOf: folder.appendingPathComponent(name))))
    #expect(target.run(file.bytes) == .accepted)
    let outcomes = outcomes(of: target, file, cases: 600)
    #expect(outcomes.count { $0 != .accepted } > 50)
    #expect(outcomes.count { $0 == .accepted } > 20)
  }

  private static let picture: [UInt8] = Array("P6 4 3 255\n".utf8) + (0..<36).map { UInt8($0) }
  private static let array: [UInt8] =
    [0x93] + Array("NUMPY\u{1}\u{0}v\u{0}".utf8)
    + Array(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".padding(toLength: 117, withPad: " ", startingAt: 0)
        .utf8)
    + [10] + [UInt8](repeating: 0, count: 24)
  private static let weights: [UInt8] = {
    let header = Array(#"{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#.utf8)
    return [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + [UInt8](repeating: 0, count: 16)
  }()

  @Test(arguments: [
    (FuzzTarget.picture, picture), (.checkpoint, weights), (.checkpoint, array), (.dataset, [0] + array),
    (.dataset, [0] + picture),
  ])
  func damagedFilesAreRefusedOrRead(target: FuzzTarget, sound: [UInt8]) {
    #expect(target.run(sound) == .accepted)
    let outcomes = outcomes(of: target, FuzzedFile(sound), cases: 400)
    #expect(outcomes.count { $0 == .refused } > 20)
    #expect(outcomes.count { $0 == .accepted } > 20)
  }

  private func outcomes(of target: FuzzTarget, _ file: FuzzedFile, cases: Int) -> [FuzzTarget.Outcome] {
    (0..<cases).map { number in
      var random = SplitMix64(seed: 20, caseNumber: number)
      let damage = Damage.allCases[random.below(Damage.allCases.count)]
      return target.run(damage.applied(to: file, using: &random))
    }
  }

  @Test func aCaseIsDecidedBySeedAndNumber() {
    let file = FuzzedFile((0..<200).map { UInt8($0) })
    func damaged(_ seed: UInt64) -> [[UInt8]] {
      (0..<100).map { number in
        var random = SplitMix64(seed: seed, caseNumber: number)
        return Damage.allCases[number % Damage.allCases.count].applied(to: file, using: &random)
      }
    }
    let cases = damaged(1)
    #expect(cases == damaged(1))
    #expect(cases != damaged(2))
    #expect(Set(cases).count > 90)
    #expect(cases.contains { $0.count < 150 } && cases.contains { $0.count > 200 })
  }

  @Test(arguments: FuzzTarget.allCases) func emptyFilesAreRefused(target: FuzzTarget) {
    #expect(target.run([]) == .refused)
  }

  /// Files that once broke a promise, under `Findings/`: a folder a target.
  @Test(arguments: FuzzTarget.allCases) func pastFindings(target: FuzzTarget) throws {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Findings/\(target.rawValue)")
    let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    for file in files { target.run([UInt8](try Data(contentsOf: file))) }
  }
}
