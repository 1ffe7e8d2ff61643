import Archives
import Foundation
import Testing

/// `martlet diff` as `tools/compare-litert` uses it.
@Suite(.serialized, .enabled(if: TestData.isThere, "MARTLET_TEST_DATA names no folder"))
struct DiffTests {
  private static let network = TestData.path("models/mnist_tinymaix-resnet_int8.tflite")
  /// The names of the network's input and output, and the input: a few bright pixels.
  private static let (input, output) = ("input_4", "Identity")
  private static let pixels = (0..<784).map { $0 % 11 == 0 ? Int8(100) : Int8(-128) }

  /// What the network answers, by `martlet run`: probabilities in steps of 1/256.
  private func answer() throws -> [Int8] {
    let picture = TemporaryFolder.shared.file("diff-input.npy").path
    let packed = TemporaryFolder.shared.file("diff.martlet").path
    let reals = try #require(
      NumpyArray(shape: [28, 28, 1], floats: Self.pixels.map { (Float($0) + 128) * 0.003921568859368563 }))
    try reals.write(to: picture)
    let conversion = try ToolProcess("convert", Self.network, "-o", packed)
    try #require(conversion.status == 0, "\(conversion.errors)")
    let run = try ToolProcess("run", packed, picture, "--json")
    try #require(run.status == 0, "\(run.errors)")
    let outputs = try #require(try run.json()["outputs"] as? [[String: Any]])
    let values = try #require(outputs[0]["values"] as? [Double])
    return values.map { Int8(($0 * 256).rounded() - 128) }
  }

  private func archive(_ output: [Int8], as name: String, inputName: String = input) throws -> String {
    let input = try #require(NumpyArray(shape: [2, 28, 28, 1], int8: Self.pixels + Self.pixels))
    let array = try #require(NumpyArray(shape: [2, 10], int8: output))
    return try TemporaryFolder.shared.write(
      storedZip([("\(inputName).npy", input.encoded()), ("\(Self.output).npy", array.encoded())]), as: name)
  }

  @Test func countsTheBytesThatDiffer() throws {
    let same = try answer()
    #expect(Set(same).count > 1)
    var other = same
    other[3] = other[3] == 127 ? 124 : other[3] + 3
    let equal = try ToolProcess("diff", Self.network, try archive(same + same, as: "equal.npz"), "--json")
    #expect(equal.status == 0, "\(equal.errors)")
    var json = try equal.json()
    #expect(json["examples"] as? Int == 2)
    #expect(json["values"] as? Int == 20)
    #expect(json["differing"] as? Int == 0)
    let different = try ToolProcess("diff", Self.network, try archive(same + other, as: "other.npz"), "--json")
    json = try different.json()
    #expect(json["differing"] as? Int == 1)
    #expect(json["largest_step"] as? Int == 3)
    let layers = try #require(json["layers"] as? [[String: Any]])
    #expect(layers.count == 1)
    #expect(layers[0]["kind"] as? String == "Softmax")
    #expect(layers[0]["isolated_differing"] as? Int == 1)
  }

  @Test func whatIsMissingIsSaid() throws {
    let values = try archive([Int8](repeating: 0, count: 20), as: "nameless.npz", inputName: "something")
    let run = try ToolProcess("diff", Self.network, values)
    #expect(run.status != 0)
    #expect(run.errors.contains("'\(Self.input)'"), "\(run.errors)")
  }

  /// A zip file of stored entries, by the format's definition.
  private func storedZip(_ entries: [(name: String, contents: [UInt8])]) -> [UInt8] {
    func bytes(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var (body, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, contents) in entries {
      let checksum = contents.withUnsafeBytes { Int(Inflate.crc32($0)) }
      let common =
        bytes(20, 2) + bytes(0, 8) + bytes(checksum, 4) + bytes(contents.count, 4) + bytes(contents.count, 4)
        + bytes(name.utf8.count, 2) + bytes(0, 2)
      directory +=
        bytes(0x0201_4B50, 4) + bytes(20, 2) + common + bytes(0, 10) + bytes(body.count, 4) + Array(name.utf8)
      body += bytes(0x0403_4B50, 4) + common + Array(name.utf8) + contents
    }
    return body + directory + bytes(0x0605_4B50, 4) + bytes(0, 4) + bytes(entries.count, 2) + bytes(entries.count, 2)
      + bytes(directory.count, 4) + bytes(body.count, 4) + bytes(0, 2)
  }
}
