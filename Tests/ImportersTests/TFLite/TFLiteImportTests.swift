import Foundation
import Graph
import Testing

@testable import Importers

/// Float and int8 networks of a few operators, against results worked out here.
@Suite struct TFLiteImportTests {
  private func evaluate(_ model: TFLiteSpecification, _ input: [Float]) throws -> [Float] {
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    let tensor = Tensor(shape: graph[graph.inputs[0]].shape, values: input)
    return try graph.evaluate(inputs: [tensor], workers: Workers(count: 1))[0].values
  }

  /// A stride of 2 on four pixels with a kernel of 3: SAME pads one pixel, at the end.
  @Test func samePaddingPutsTheOddPixelLast() throws {
    var model = TFLiteSpecification()
    let (x, y) = (model.tensor("x", [1, 1, 4, 1]), model.tensor("y", [1, 1, 2, 1]))
    let weights = model.floats("w", [1, 1, 3, 1], [1, 10, 100])
    model.apply("CONV_2D", [x, weights, -1], [y], [0: .byte(0), 1: .integer(2), 2: .integer(1)])
    (model.inputs, model.outputs) = ([x], [y])
    #expect(try evaluate(model, [1, 2, 3, 4]) == [321, 43])
  }

  @Test func aDepthMultiplierGivesEachChannelSeveralOutputs() throws {
    var model = TFLiteSpecification()
    let (x, y) = (model.tensor("x", [1, 1, 1, 2]), model.tensor("y", [1, 1, 1, 4]))
    let weights = model.floats("w", [1, 1, 1, 4], [1, 2, 3, -4])
    let bias = model.floats("b", [4], [0.5, 0, 0, 0])
    model.apply(
      "DEPTHWISE_CONV_2D", [x, weights, bias], [y],
      [0: .byte(1), 1: .integer(1), 2: .integer(1), 3: .integer(2), 4: .byte(1)])
    (model.inputs, model.outputs) = ([x], [y])
    #expect(try evaluate(model, [10, 100]) == [10.5, 20, 300, 0])
  }

  @Test func halfPrecisionWeightsAndHybridWeightsAreFloats() throws {
    var model = TFLiteSpecification()
    let (x, z) = (model.tensor("x", [1, 2]), model.tensor("z", [1, 2]))
    let y = model.tensor("y", [1, 2])
    // 1, −2, 0.5 and the smallest subnormal.
    let half: [UInt16] = [0x3c00, 0xc000, 0x3800, 0x0001]
    let packed = model.tensor("half", [2, 2], .float16, data: half.flatMap { littleEndian($0) })
    let floats = model.tensor("floats", [2, 2])
    model.apply("DEQUANTIZE", [packed], [floats])
    model.apply("FULLY_CONNECTED", [x, floats, -1], [y])
    let hybrid = model.tensor("hybrid", [2, 2], .int8, scales: [0.5, 0.25], data: [2, 0, 0, 0xfc])
    model.apply("FULLY_CONNECTED", [y, hybrid, -1], [z])
    (model.inputs, model.outputs) = ([x], [z])
    let smallest: Float = 0x1p-24
    #expect(try evaluate(model, [3, 1]) == [1, -(1.5 + smallest)])
  }

  @Test func anInt8LayerIsKeptExactly() throws {
    var model = TFLiteSpecification()
    let x = model.tensor("x", [1, 2], .int8, scales: [0.5], zeroPoint: -3)
    let y = model.tensor("y", [1, 2], .int8, scales: [0.25], zeroPoint: 7)
    let weights = model.tensor("w", [2, 2], .int8, scales: [0.1], data: [1, 0xff, 127, 0x81])
    let bias = model.integers("b", [1000, -7])
    model.apply("FULLY_CONNECTED", [x, weights, bias], [y], [0: .byte(1)])
    (model.inputs, model.outputs) = ([x], [y])
    let imported = try TFLiteImporter.read(model.encoded, name: "test.tflite")
    let graph = imported.graph
    #expect(graph.isQuantized)
    #expect(imported.notes.isEmpty)
    #expect(graph[graph.inputs[0]].quantization == Quantization(scale: 0.5, zeroPoint: -3))
    #expect(graph[graph.outputs[0]].quantization == Quantization(scale: 0.25, zeroPoint: 7))
    let layer = try #require(graph.nodes.first)
    let exact = try #require(graph[layer.inputs[1]].quantizedWeights)
    #expect(exact.values == [1, -1, 127, -127])
    #expect(exact.scales == [0.1, 0.1])
    #expect(exact.biases == [1000, -7])
    #expect(exact.roundsFactorsStepwise)
    #expect(graph.nodes.map { $0.operation.kind } == ["FullyConnected", "Activation"])
  }

  @Test func unsignedNetworksBecomeSigned() throws {
    var model = TFLiteSpecification()
    let x = model.tensor("x", [1, 1, 2, 1], .uint8, scales: [0.5], zeroPoint: 128)
    let y = model.tensor("y", [1, 1, 1, 1], .uint8, scales: [0.5], zeroPoint: 128)
    model.apply(
      "MAX_POOL_2D", [x], [y],
      [0: .byte(1), 1: .integer(1), 2: .integer(1), 3: .integer(2), 4: .integer(1)])
    (model.inputs, model.outputs) = ([x], [y])
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    #expect(graph[graph.inputs[0]].quantization == Quantization(scale: 0.5, zeroPoint: 0))
    #expect(graph.isQuantized)
  }

  @Test func floatEdgesOfAQuantizedNetworkTakeItsScales() throws {
    var model = TFLiteSpecification()
    let (x, z) = (model.tensor("x", [1, 4]), model.tensor("z", [1, 4]))
    let q = model.tensor("q", [1, 4], .int8, scales: [0.5], zeroPoint: 1)
    let y = model.tensor("y", [1, 4], .int8, scales: [1 / 256], zeroPoint: -128)
    model.apply("QUANTIZE", [x], [q])
    model.apply("SOFTMAX", [q], [y], [0: .float(1)])
    model.apply("DEQUANTIZE", [y], [z])
    (model.inputs, model.outputs) = ([x], [z])
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    #expect(graph.isQuantized)
    #expect(graph[graph.inputs[0]].quantization == Quantization(scale: 0.5, zeroPoint: 1))
    #expect(graph.nodes.map { $0.operation.kind } == ["Softmax"])
  }

  @Test func everyProblemIsListed() throws {
    var model = TFLiteSpecification()
    let x = model.tensor("x", [1, 4, 4, 2])
    let (a, b, y) = (
      model.tensor("a", [1, 8, 8, 2]), model.tensor("b", [1, 8, 8, 2]), model.tensor("y", [1, 8, 8, 2])
    )
    model.apply("SEGMENT_SUM", [x, model.integers("size", [8, 8])], [a])
    model.apply("RELU", [a], [b])
    model.apply("LSH_PROJECTION", [b], [y])
    (model.inputs, model.outputs) = ([x], [y])
    let error = try #require(tfliteError(model.encoded))
    #expect(error.problems.map(\.operation) == ["SEGMENT_SUM", "LSH_PROJECTION"])
    #expect(error.problems.map(\.node) == ["a", "y"])
  }

  @Test func aFileIsRecognizedByItsContent() {
    #expect(TFLiteImporter.recognizes(HostileTFLiteTests.network))
    #expect(!TFLiteImporter.recognizes(Array("TFL3".utf8)))
    #expect(tfliteError([1, 2, 3])?.summary.contains("TFL3") == true)
  }
}
