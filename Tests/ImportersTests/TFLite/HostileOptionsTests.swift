import Foundation
import Graph
import Testing

@testable import Importers

/// Options and constants of single operators that cannot be: each ends with a network or with a sentence.
@Suite struct HostileOptionsTests {
  /// Small networks, one an operator, of quantized and of float tensors.
  static let networks: [(kind: String, bytes: [UInt8])] = ["f", "q"].flatMap { type in
    kinds.map { kind in (kind + type, network(kind, isQuantized: type == "q")) }
  }

  private static let kinds = [
    "TRANSPOSE_CONV", "SPACE_TO_BATCH_ND", "GATHER", "SPLIT_V", "UNPACK", "PACK", "PRELU", "SUM", "POW", "SOFTMAX",
    "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "MAXIMUM", "MUL", "CAST", "FILL", "RANGE", "LEAKY_RELU",
    "REDUCE_MAX", "REDUCE_MIN",
  ]

  private static func network(_ kind: String, isQuantized: Bool) -> [UInt8] {
    var model = TFLiteSpecification()
    func tensor(_ name: String, _ shape: [Int]) -> Int {
      isQuantized ? model.tensor(name, shape, .int8, scales: [0.5], zeroPoint: 3) : model.tensor(name, shape)
    }
    func constant(_ name: String, _ shape: [Int]) -> Int {
      let count = shape.reduce(1, *)
      return isQuantized
        ? model.tensor(name, shape, .int8, scales: [0.25], data: (0..<count).map { UInt8($0 % 100 + 1) })
        : model.floats(name, shape, (0..<count).map { Float($0) + 1 })
    }
    let x = tensor("x", [1, 4, 4, 4])
    var outputs = [tensor("y", [1, 4, 4, 4])]
    let stride: [Int: FlatField] = [0: .byte(0), 1: .integer(1), 2: .integer(1), 3: .byte(0)]
    switch kind {
    case "TRANSPOSE_CONV":
      model.apply(kind, [model.integers("s", [1, 4, 4, 4]), constant("w", [4, 2, 2, 4]), x], outputs, stride)
    case "SPACE_TO_BATCH_ND":
      let (parts, convolved) = (tensor("parts", [4, 3, 3, 4]), tensor("convolved", [4, 2, 2, 4]))
      let block = model.integers("block", [2, 2])
      model.apply(kind, [x, block, model.integers("pads", [1, 1, 1, 1], shape: [2, 2])], [parts])
      model.apply(
        "CONV_2D", [parts, constant("w", [4, 2, 2, 4]), -1], [convolved], [0: .byte(1), 1: .integer(1), 2: .integer(1)])
      model.apply(
        "BATCH_TO_SPACE_ND", [convolved, block, model.integers("crops", [0, 0, 0, 0], shape: [2, 2])], outputs)
    case "GATHER":
      model.apply(kind, [x, model.integers("i", [0, 3, 1, 2])], outputs, [0: .integer(3), 1: .integer(0)])
    case "SPLIT_V":
      outputs = [tensor("a", [1, 4, 4, 1]), tensor("b", [1, 4, 4, 3])]
      model.apply(kind, [x, model.integers("s", [1, -1]), model.integers("a", [3], shape: [])], outputs)
    case "UNPACK":
      outputs = (0..<4).map { tensor("part \($0)", [1, 4, 4]) }
      model.apply(kind, [x], outputs, [0: .integer(4), 1: .integer(1)])
    case "PACK": model.apply(kind, [x, x], outputs, [0: .integer(2), 1: .integer(1)])
    case "SUM", "REDUCE_MAX", "REDUCE_MIN":
      model.apply(kind, [x, model.integers("a", [1, 3])], outputs, [0: .byte(1)])
    case "POW", "MAXIMUM": model.apply(kind, [x, constant("c", [])], outputs)
    case "PRELU", "MUL": model.apply(kind, [x, constant("c", [4])], outputs)
    case "FILL":
      let list = model.tensor("list", [2], .int32)
      model.apply(kind, [model.integers("n", [2]), model.integers("v", [1], shape: [])], [list])
      model.apply("GATHER", [x, list], outputs, [0: .integer(1)])
    case "RANGE":
      let list = model.tensor("list", [2], .int32)
      model.apply(kind, [0, 4, 2].enumerated().map { model.integers("r\($0)", [$1], shape: []) }, [list])
      model.apply("GATHER", [x, list], outputs, [0: .integer(1)])
    default: model.apply(kind, [x], outputs, [0: .integer(2), 1: .integer(1)])
    }
    (model.inputs, model.outputs) = ([x], outputs)
    return model.encoded
  }

  @Test func mostOfTheNetworksAreSound() {
    let refused = Self.networks.filter { tfliteError($0.bytes) != nil }.map(\.kind)
    // Their options are of other types, or quantized exponents have no meaning.
    #expect(Set(refused).isSubset(of: ["CASTq", "SOFTMAXf", "SOFTMAXq"]), "\(refused)")
  }

  /// Every word of each file replaced by numbers at the edges of what integers, offsets and floats can be.
  @Test(arguments: networks.indices) func noExtremeNumberCrashes(index: Int) {
    let sound = Self.networks[index].bytes
    var refused = 0
    for place in stride(from: 0, to: sound.count - 4, by: 4) {
      for extreme: UInt32 in [0, 1, 5, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0001_0000, 0x7f80_0000, 0xff80_0001] {
        var bytes = sound
        bytes.replaceSubrange(place..<place + 4, with: littleEndian(extreme))
        if tfliteError(bytes) != nil { refused += 1 }
      }
    }
    #expect(refused > 100)
  }

  @Test(arguments: networks.indices) func noDamagedByteCrashes(index: Int) {
    var random = SeededNumbers(UInt64(100 + index))
    for _ in 0..<400 {
      var bytes = Self.networks[index].bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        bytes[place] = UInt8.random(in: 0...255, using: &random)
      }
      _ = tfliteError(bytes)
    }
  }

  @Test func anotherNetworkOfTheFileIsNamed() throws {
    var model = TFLiteSpecification()
    let (x, y) = (model.tensor("x", [1, 4]), model.tensor("y", [1, 4]))
    model.apply("IF", [x], [y])
    (model.inputs, model.outputs) = ([x], [y])
    #expect(tfliteError(model.encoded)?.problems.first?.reason.contains("another network") == true)
  }

  /// Bytes without a scale are whole numbers: a picture that the network turns into floats itself.
  @Test func picturesWithoutAScale() throws {
    var model = TFLiteSpecification()
    let x = model.tensor("x", [1, 2], .uint8)
    let (real, y) = (model.tensor("real", [1, 2]), model.tensor("y", [1, 2]))
    model.apply("CAST", [x], [real])
    model.apply("NEG", [real], [y])
    (model.inputs, model.outputs) = ([x], [y])
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    #expect(graph[graph.inputs[0]].quantization == Quantization(scale: 1, zeroPoint: -128))
    #expect(graph.nodes.map { $0.operation.kind } == ["Activation"])
    #expect(try tfliteEvaluate(model, [0, 255])[0] == [0, -255])
  }
}
