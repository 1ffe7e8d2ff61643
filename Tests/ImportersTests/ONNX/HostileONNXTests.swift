import Foundation
import Graph
import Testing

@testable import Importers

/// Damaged files: whatever the bytes are, the import ends with a network or with an error.
@Suite struct HostileONNXTests {
  /// A network of many operators in few bytes, so that most damage hits structure.
  static let network: [UInt8] = {
    var random = SeededNumbers(3)
    var model = ModelSpecification(input: ["n", 2, 6, 6])
    model.initializers = [
      .floats("w", [4, 2, 3, 3], random.floats(72)), .floats("b", [4], random.floats(4)),
      .floats("s", [4], [1, 2, 3, 4]), .floats("d", [36, 3], random.floats(108)), .integers("m", [-1]),
      .integers("zero", [0], shape: []), .integers("one", [1]), .integers("two", [2]), .floats("six", [], [6]),
      .integers("pads", [0, 0, 1, 1, 0, 0, 0, 0]),
    ]
    model.node("Pad", ["x", "pads"], ["p"])
    model.node("Conv", ["p", "w", "b"], ["c"], [.integers("pads", [1, 1, 1, 1]), .integers("strides", [1, 1])])
    model.node("BatchNormalization", ["c", "s", "b", "b", "s"], ["n"])
    model.node("Clip", ["n", "", "six"], ["k"])
    model.node("MaxPool", ["k"], ["q"], [.integers("kernel_shape", [2, 2]), .integers("strides", [2, 2])])
    model.node("Sigmoid", ["q"], ["g"])
    model.node("Mul", ["q", "g"], ["h"])
    model.node("Slice", ["h", "one", "two", "one"], ["i"])
    model.node("Concat", ["h", "i", "h"], ["j"], [.integer("axis", 1)])
    model.node("Split", ["j"], ["k1", "k2", "k3"], [.integer("axis", 1)])
    model.node("Add", ["k1", "k2"], ["l1"])
    model.node("Transpose", ["l1"], ["l"], [.integers("perm", [0, 2, 3, 1])])
    model.node("Softmax", ["l"], ["r"], [.integer("axis", 1)])
    model.node("Concat", ["r", "l"], ["t"], [.integer("axis", 3)])
    model.node("ReduceMean", ["t"], ["u"], [.integers("axes", [1]), .integer("keepdims", 0)])
    model.node("Shape", ["u"], ["v"])
    model.node("Gather", ["v", "zero"], ["w0"])
    model.node("Unsqueeze", ["w0", "zero"], ["w1"])
    model.node("Concat", ["w1", "m"], ["w2"], [.integer("axis", 0)])
    model.node("Reshape", ["t", "w2"], ["flat"])
    model.node("Mul", ["flat", "six"], ["flat6"])
    model.initializers.append(.floats("e", [54, 3], random.floats(162)))
    model.node("Gemm", ["flat6", "e"], ["y"])
    model.outputs = ["y", "u"]
    return model.encoded
  }()

  @Test func theNetworkItselfIsSound() throws {
    let model = try ONNXImporter.read(Self.network, name: "sound.onnx")
    #expect(model.outputs[0].sourceShape == [1, 3])
  }

  @Test func everyTruncationIsRefused() {
    for length in 0..<Self.network.count - 1 {
      let error = importError(Array(Self.network[..<length]))
      #expect(error != nil, "cut to \(length) bytes")
      #expect(error?.summary.hasSuffix(".") == true || error?.problems.isEmpty == false)
    }
  }

  @Test func noDamagedByteCrashes() {
    var random = SeededNumbers(5)
    var refused = 0
    for _ in 0..<5000 {
      var bytes = Self.network
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random)!
        case 1: bytes[place] ^= 1 << Int.random(in: 0..<8, using: &random)
        case 2: bytes.remove(at: place)
        default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        }
      }
      if importError(bytes) != nil { refused += 1 }
    }
    #expect(refused > 1000)
  }

  /// Every integer of the network's attributes and shapes replaced by numbers at the edges of what integers can be.
  @Test func noExtremeNumberCrashes() {
    let small = Self.network.indices.filter { Self.network[$0] < 8 && $0 > 0 && Self.network[$0 - 1] & 7 == 0 }
    let extremes = [-1, .max, .min, 1 << 31, 1 << 62, 65535]
    for place in small {
      for extreme in extremes {
        var writer = ProtobufWriter()
        writer.varint(extreme)
        // Lengths around the number no longer fit, which is the damage that most files have; then with them mended.
        _ = importError(Array(Self.network[..<place]) + writer.bytes + Self.network[(place + 1)...])
      }
    }
    for extreme in extremes {
      for model in Self.extremeModels(extreme) { _ = importError(model.encoded) }
    }
  }

  /// Well-formed files with one extreme number each.
  static func extremeModels(_ number: Int) -> [ModelSpecification] {
    let attributes: [(String, [AttributeSpecification])] = [
      ("Conv", [.integers("strides", [number, 1])]), ("Conv", [.integers("dilations", [number, 1])]),
      ("Conv", [.integers("pads", [number, 0, 0, number])]), ("Conv", [.integer("group", number)]),
      ("MaxPool", [.integers("kernel_shape", [number, number])]),
      ("AveragePool", [.integers("kernel_shape", [1, 1]), .integers("pads", [0, number, number, 0])]),
      ("Flatten", [.integer("axis", number)]), ("Softmax", [.integer("axis", number)]),
      ("Transpose", [.integers("perm", [0, 1, 2, number])]), ("ReduceMean", [.integers("axes", [number])]),
      ("Concat", [.integer("axis", number)]), ("Gather", [.integer("axis", number)]),
      ("Cast", [.integer("to", number)]),
      ("Shape", [.integer("start", number), .integer("end", number)]), ("Split", [.integers("split", [number, 1])]),
    ]
    var models = attributes.map { operation, list in
      var model = ModelSpecification(input: [1, 2, 4, 4])
      model.initializers = [.floats("w", [2, 2, 1, 1], [1, 2, 3, 4])]
      model.node(operation, operation == "Conv" ? ["x", "w"] : ["x"], ["y"], list)
      return model
    }
    for operation in [
      "Slice", "Pad", "Reshape", "Unsqueeze", "Squeeze", "Gather", "Expand", "ConstantOfShape", "Range",
    ] {
      for data in ["x", "c"] {
        var model = ModelSpecification(input: [1, 2, 4, 4])
        model.initializers = [
          .integers("n", [number]), .integers("o", [1]), .integers("c", [1, 2, 3]),
          .integers("p", [0, 0, number, number, 0, 0, number, 0]), .integers("s", [number], shape: []),
        ]
        switch operation {
        case "Slice": model.node(operation, [data, "n", "o", "o", "n"], ["z"])
        case "Pad": model.node(operation, [data, "p"], ["z"])
        case "ConstantOfShape": model.node(operation, ["p"], ["z"])
        case "Range": model.node(operation, ["o", "s", "s"], ["z"])
        default: model.node(operation, [data, "n"], ["z"])
        }
        model.node("Add", ["x", "z"], ["y"])
        models.append(model)
      }
    }
    return models
  }

  /// Real files, where the shared data is at hand.
  static let models: URL? = {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let given = ProcessInfo.processInfo.environment["MARTLET_TEST_DATA"].map { URL(fileURLWithPath: $0) }
    let folder = (given ?? package.appendingPathComponent("../shared/data")).appendingPathComponent("models")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }()

  @Test(.enabled(if: models != nil, "MARTLET_TEST_DATA names no folder with models"))
  func realFilesCutShortAreRefused() throws {
    let file = try #require(Self.models).appendingPathComponent("mnist_cntk-cnn_f32.onnx")
    let bytes = [UInt8](try Data(contentsOf: file))
    #expect(importError(bytes) == nil)
    for part in 0..<200 { #expect(importError(Array(bytes[..<(bytes.count * part / 200)])) != nil) }
    var random = SeededNumbers(9)
    for _ in 0..<500 {
      var damaged = bytes
      damaged[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = importError(damaged)
    }
  }
}
