import Foundation
import Graph
import Testing

@testable import Importers

/// Damaged files: whatever the bytes are, the import ends with a network or with an error.
@Suite struct HostileTFLiteTests {
  /// A quantized network of many operators in few bytes, so that most damage hits structure.
  static let network: [UInt8] = {
    var model = TFLiteSpecification()
    func activation(_ name: String, _ shape: [Int], scale: Float = 0.5) -> Int {
      model.tensor(name, shape, .int8, scales: [scale], zeroPoint: 3)
    }
    func weights(_ name: String, _ shape: [Int], scales: Int, dimension: Int) -> Int {
      model.tensor(
        name, shape, .int8, scales: (0..<scales).map { 0.1 + Float($0) * 0.01 }, dimension: dimension,
        data: (0..<shape.reduce(1, *)).map { UInt8(truncatingIfNeeded: $0 * 7 + 1) & 127 })
    }
    let x = activation("x", [1, 6, 6, 2])
    let padded = activation("padded", [1, 7, 7, 2])
    let amounts = model.integers("amounts", [0, 0, 0, 1, 0, 1, 0, 0], shape: [4, 2])
    model.apply("PAD", [x, amounts], [padded])
    let convolved = activation("convolved", [1, 4, 4, 3])
    let kernel = weights("kernel", [3, 3, 3, 2], scales: 3, dimension: 0)
    let bias = model.integers("bias", [5, -6, 7])
    model.apply(
      "CONV_2D", [padded, kernel, bias], [convolved],
      [0: .byte(0), 1: .integer(2), 2: .integer(2), 3: .byte(1)])
    let deep = activation("deep", [1, 4, 4, 3])
    let depthwise = weights("depthwise", [1, 3, 3, 3], scales: 3, dimension: 3)
    model.apply(
      "DEPTHWISE_CONV_2D", [convolved, depthwise, bias], [deep],
      [0: .byte(0), 1: .integer(1), 2: .integer(1), 3: .integer(1)])
    let sum = activation("sum", [1, 4, 4, 3], scale: 0.7)
    model.apply("ADD", [convolved, deep], [sum], [0: .byte(3)])
    let pooled = activation("pooled", [1, 2, 2, 3], scale: 0.7)
    model.apply(
      "MAX_POOL_2D", [sum], [pooled],
      [0: .byte(1), 1: .integer(2), 2: .integer(2), 3: .integer(2), 4: .integer(2)])
    let (a, b) = (activation("a", [1, 2, 1, 3], scale: 0.7), activation("b", [1, 2, 1, 3], scale: 0.7))
    model.apply("SPLIT", [model.integers("axis", [2], shape: []), pooled], [a, b])
    let joined = activation("joined", [1, 2, 2, 3], scale: 0.7)
    model.apply("CONCATENATION", [b, a], [joined], [0: .integer(2)])
    let shape = model.tensor("shape", [4], .int32)
    model.apply("SHAPE", [joined], [shape])
    let batch = model.tensor("batch", [], .int32)
    let (zero, one) = (model.integers("zero", [0]), model.integers("one", [1]))
    model.apply("STRIDED_SLICE", [shape, zero, one, one], [batch], [4: .integer(1)])
    let flatShape = model.tensor("flat shape", [2], .int32)
    model.apply("PACK", [batch, model.integers("rest", [-1], shape: [])], [flatShape])
    let flat = activation("flat", [1, 12], scale: 0.7)
    model.apply("RESHAPE", [joined, flatShape], [flat])
    let logits = activation("logits", [1, 4])
    let matrix = weights("matrix", [4, 12], scales: 1, dimension: 0)
    model.apply("FULLY_CONNECTED", [flat, matrix, -1], [logits])
    let y = model.tensor("y", [1, 4], .int8, scales: [1 / 256], zeroPoint: -128)
    model.apply("SOFTMAX", [logits], [y], [0: .float(1)])
    model.inputs = [x]
    model.outputs = [y]
    return model.encoded
  }()

  @Test func theNetworkItselfIsSound() throws {
    let model = try TFLiteImporter.read(Self.network, name: "sound.tflite")
    #expect(model.graph.isQuantized)
    #expect(model.outputs[0].sourceShape == [1, 4])
    #expect(model.notes.isEmpty)
    #expect(model.graph.nodes.contains { $0.operation is DepthwiseConv2D })
  }

  @Test func everyTruncationIsRefusedOrImported() {
    var refused = 0
    for length in 0..<Self.network.count {
      guard let error = tfliteError(Array(Self.network[..<length])) else { continue }
      refused += 1
      #expect(error.summary.hasSuffix(".") || !error.problems.isEmpty)
    }
    // The last bytes may be filling.
    #expect(refused >= Self.network.count - 8)
  }

  @Test func noDamagedByteCrashes() {
    var random = SeededNumbers(11)
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
      if tfliteError(bytes) != nil { refused += 1 }
    }
    #expect(refused > 1000)
  }

  /// Every word of the file replaced by numbers at the edges of what integers and offsets can be.
  @Test func noExtremeNumberCrashes() {
    for place in stride(from: 0, to: Self.network.count - 4, by: 4) {
      for extreme: UInt32 in [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0001_0000] {
        var bytes = Self.network
        bytes.replaceSubrange(place..<place + 4, with: littleEndian(extreme))
        _ = tfliteError(bytes)
      }
    }
  }

  /// Lists that many operators share do not make a small file a large network.
  @Test func sharedListsCostNoMoreThanTheFile() {
    var model = TFLiteSpecification()
    let x = model.tensor("x", [1, 4])
    for index in 0..<2000 { model.apply("RELU", [x], [model.tensor("y\(index)", [1, 4])]) }
    model.inputs = [x]
    model.outputs = [x + 1]
    var bytes = model.encoded
    // Every word that looks like a short list's length becomes that of a long one.
    for place in stride(from: 8, to: bytes.count - 4, by: 4) where Array(bytes[place..<place + 4]) == [1, 0, 0, 0] {
      bytes.replaceSubrange(place..<place + 4, with: littleEndian(UInt32((bytes.count - place - 4) / 4)))
    }
    #expect(tfliteError(bytes) != nil)
  }

  @Test(.enabled(if: HostileONNXTests.models != nil, "MARTLET_TEST_DATA names no folder with models"))
  func realFilesCutShortAreRefused() throws {
    let folder = try #require(HostileONNXTests.models)
    let file = folder.appendingPathComponent("kws_mlperf-tiny-dscnn_int8.tflite")
    let bytes = [UInt8](try Data(contentsOf: file))
    #expect(tfliteError(bytes) == nil)
    for part in 0..<200 { #expect(tfliteError(Array(bytes[..<(bytes.count * part / 200)])) != nil) }
    var random = SeededNumbers(12)
    for _ in 0..<1000 {
      var damaged = bytes
      damaged[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = tfliteError(damaged)
    }
  }
}
