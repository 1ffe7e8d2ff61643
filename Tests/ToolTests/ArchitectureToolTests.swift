import Archives
import Foundation
import Testing

/// Networks by name on the command line.
@Suite(.serialized) struct ArchitectureToolTests {
  private func packed(
    _ name: String, _ arguments: [String] = [], as file: String
  ) throws -> (path: String, run: ToolProcess) {
    let path = TemporaryFolder.shared.file(file).path
    let run = try ToolProcess(
      ["convert", "--architecture", name, "--random-weights", "3", "-o", path, "--json"] + arguments)
    return (path, run)
  }

  @Test func untrainedNetworksArePackedAndSaySo() throws {
    let (path, run) = try packed("LeNet-5", as: "untrained.martlet")
    try #require(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("untrained"))
    #expect(try #require(try run.json()["signal_to_noise_db"] as? Double) > 25)
    #expect(try run.json()["parameters"] as? Int == 61_706)
    let inspected = try ToolProcess("inspect", path, "--json")
    let provenance = try #require(try inspected.json()["provenance"] as? [String])
    #expect(provenance.contains("source: LeNet-5, untrained: random weights of seed 3"))
    let again = try packed("LeNet-5", as: "again.martlet")
    try #require(again.run.status == 0, "\(again.run.errors)")
    let files = try [path, again.path].map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
    #expect(files[0] == files[1])
  }

  @Test func signalsHaveNoRowsToSee() throws {
    let (path, run) = try packed("ECGNet", ["--input-size", "150"], as: "signal.martlet")
    try #require(run.status == 0, "\(run.errors)")
    let inspected = try ToolProcess("inspect", path)
    #expect(inspected.output.contains("input 150×1,"), "\(inspected.output)")
    #expect(inspected.output.contains("150×1") && inspected.output.contains("146×32"))
    #expect(!inspected.output.contains("1×150×1") && !inspected.output.contains("1×146×32"))
    let signal = TemporaryFolder.shared.file("signal.npy").path
    try #require(NumpyArray(shape: [1, 150], floats: (0..<150).map { Float($0 % 17) / 17 })).write(to: signal)
    let result = try ToolProcess("run", path, signal, "--json")
    try #require(result.status == 0, "\(result.errors)")
    let outputs = try #require(try result.json()["outputs"] as? [[String: Any]])
    #expect((outputs[0]["values"] as? [Any])?.count == 5)
  }

  @Test func architecturesAreListedWithTheirNumbers() throws {
    let run = try ToolProcess("architectures", "vgg-16", "ds-cnn", "--json")
    try #require(run.status == 0, "\(run.errors)")
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
    #expect(rows.map { $0["parameters"] as? Int } == [138_357_544, 23_756])
    #expect(rows.map { $0["published_parameters"] as? Int } == [138_357_544, 24_908])
    #expect(rows.map { $0["comparable_parameters"] as? Int } == [138_357_544, 24_908])
    #expect(rows.map { $0["input"] as? [Int] } == [[224, 224, 3], [49, 10, 1]])
    // Σ (3n − 2)² · (channels in · channels out) over 3×3 convolutions of n×n images, and the three connected layers.
    #expect(rows[0]["macs"] as? Int == 14_969_824_000)
  }

  @Test func contradictionsAreRefused() throws {
    for arguments in [
      ["convert", "-o", "x.martlet"], ["convert", "--random-weights", "1", "-o", "x.martlet"],
      ["convert", "network.onnx", "--architecture", "lenet", "--random-weights", "1", "-o", "x.martlet"],
      ["convert", "network.onnx", "--width", "0.5", "-o", "x.martlet"],
      ["convert", "--architecture", "lenet", "--random-weights", "1", "--input-size", "9y", "-o", "x.martlet"],
      ["convert", "--architecture", "lenet", "--random-weights", "1", "--input-size", "4", "-o", "x.martlet"],
      ["convert", "--architecture", "lenet", "--random-weights", "1", "--width", "nan", "-o", "x.martlet"],
      ["architectures", "perceptron"],
    ] {
      let run = try ToolProcess(arguments)
      #expect(run.status != 0 && run.errors.contains("Error"), "\(arguments): \(run.errors)")
    }
  }
}
