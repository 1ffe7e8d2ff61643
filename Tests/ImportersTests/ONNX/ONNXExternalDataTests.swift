import Foundation
import Graph
import Testing

@testable import Importers

/// Tensors in other files: read where they lie inside the model's folder, refused everywhere else.
@Suite final class ONNXExternalDataTests {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-external-\(UUID().uuidString)")
  let home: URL

  init() throws {
    home = folder.appendingPathComponent("home")
    try FileManager.default.createDirectory(
      at: home.appendingPathComponent("inner"), withIntermediateDirectories: true)
    let values: [Float] = [9, 1, 2, 3, 4]
    let data = Data(values.flatMap { littleEndian($0.bitPattern) })
    for place in ["home/data.bin", "home/inner/data.bin", "outside.bin"] {
      try data.write(to: folder.appendingPathComponent(place))
    }
    let manager = FileManager.default
    try manager.createSymbolicLink(
      at: home.appendingPathComponent("link.bin"), withDestinationURL: folder.appendingPathComponent("outside.bin"))
    try manager.createSymbolicLink(
      at: home.appendingPathComponent("up"), withDestinationURL: folder)
    try manager.createSymbolicLink(
      at: home.appendingPathComponent("same.bin"), withDestinationURL: home.appendingPathComponent("data.bin"))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// x · w with w of 2×2 in another file.
  func model(_ location: String, offset: String? = "4", length: String? = "16", shape: [Int] = [2, 2]) -> [UInt8] {
    var model = ModelSpecification(input: [1, 2])
    var weights = TensorSpecification(name: "w", shape: shape, type: 1, raw: [])
    weights.external = [("location", location)]
    if let offset { weights.external.append(("offset", offset)) }
    if let length { weights.external.append(("length", length)) }
    model.initializers = [weights]
    model.node("MatMul", ["x", "w"], ["y"])
    return model.encoded
  }

  func reason(_ bytes: [UInt8], folder: String? = nil) -> String {
    do throws(ImportError) {
      _ = try ONNXImporter.read(bytes, name: "m.onnx", folder: folder ?? home.path)
      return "imported"
    } catch {
      return error.problems.first?.reason ?? error.summary
    }
  }

  @Test(arguments: ["data.bin", "inner/data.bin", "./data.bin", "same.bin"])
  func readsWhatLiesInTheFolder(_ location: String) throws {
    try Data(model(location)).write(to: home.appendingPathComponent("m.onnx"))
    let imported = try ONNXImporter.read(home.appendingPathComponent("m.onnx").path)
    let found = try outputs(imported, Tensor(shape: [1, 2], values: [1, 10]))
    expectNear(found[0], Tensor(shape: [1, 2], values: [31, 42]))
  }

  @Test func readsFromTheBeginningWithoutAnOffset() throws {
    let imported = try ONNXImporter.read(
      model("data.bin", offset: nil, length: nil), name: "m.onnx", folder: home.path)
    expectNear(
      try outputs(imported, Tensor(shape: [1, 2], values: [1, 10]))[0], Tensor(shape: [1, 2], values: [29, 31]))
  }

  @Test(arguments: ["../outside.bin", "inner/../../outside.bin", "/etc/passwd", "", "inner//data.bin", "a\0b"])
  func refusesPlacesOutsideTheFolder(_ location: String) {
    #expect(reason(model(location)).contains("not inside the model's folder"))
  }

  @Test(arguments: ["link.bin", "up/outside.bin"]) func refusesLinksThatLeadOut(_ location: String) {
    #expect(reason(model(location)).contains("leads out"))
  }

  @Test func refusesWhatIsNoFile() {
    #expect(reason(model("inner")).contains("cannot be read"))
    #expect(reason(model("missing.bin")).contains("not there"))
  }

  @Test func refusesASiblingThatBeginsLikeTheFolder() throws {
    let sibling = folder.appendingPathComponent("homework")
    try FileManager.default.createDirectory(at: sibling, withIntermediateDirectories: true)
    try Data(count: 64).write(to: sibling.appendingPathComponent("data.bin"))
    try FileManager.default.createSymbolicLink(
      at: home.appendingPathComponent("sibling.bin"), withDestinationURL: sibling.appendingPathComponent("data.bin"))
    #expect(reason(model("sibling.bin")).contains("leads out"))
  }

  @Test func refusesExtentsThatTheFileDoesNotHave() {
    #expect(reason(model("data.bin", offset: "8")).contains("past the end"))
    #expect(reason(model("data.bin", offset: "\(Int.max - 3)")).contains("past the end"))
    #expect(reason(model("data.bin", offset: "-4")).contains("no place"))
    #expect(reason(model("data.bin", offset: "0x4")).contains("no place"))
    #expect(reason(model("data.bin", offset: "99999999999999999999")).contains("no place"))
    #expect(reason(model("data.bin", length: "12")).contains("16"))
    #expect(reason(model("data.bin", length: nil, shape: [1 << 14, 1 << 14])).contains("past the end"))
    #expect(reason(model("data.bin", length: nil, shape: [1 << 40, 1 << 40])).contains("impossible shape"))
    #expect(reason(model("data.bin", length: nil, shape: [-2, 2])).contains("impossible shape"))
  }

  @Test func refusesToUseTheSameBytesForEver() {
    var model = ModelSpecification(input: [1, 2])
    for index in 0..<20 {
      var weights = TensorSpecification(name: "w\(index)", shape: [2, 2], type: 1, raw: [])
      weights.external = [("location", "data.bin")]
      model.initializers.append(weights)
      model.node("MatMul", [index == 0 ? "x" : "y\(index - 1)", "w\(index)"], ["y\(index)"])
    }
    model.outputs = ["y19"]
    #expect(reason(model.encoded).contains("again and again"))
  }

  @Test func refusesOtherFilesWhereOnlyBytesAreGiven() {
    #expect(importError(model("data.bin"))?.problems.first?.remedy.contains("path") == true)
  }
}
