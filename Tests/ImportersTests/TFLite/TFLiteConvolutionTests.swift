import Foundation
import Graph
import Testing

@testable import Importers

/// Transposed and dilated convolutions against sums worked out here.
@Suite struct TFLiteConvolutionTests {
  /// One row: output t = Σ x[i] · w[t + cropped − i · stride].
  private func transposed(_ x: [Float], _ w: [Float], stride: Int, cropped: Int, count: Int) -> [Float] {
    (0..<count).map { t in
      x.indices.reduce(0) { sum, i in
        let tap = t + cropped - i * stride
        return sum + (w.indices.contains(tap) ? x[i] * w[tap] : 0)
      }
    }
  }

  @Test func transposedConvolutions() throws {
    let (x, w): ([Float], [Float]) = ([1, 2, -3], [1, 10, 100])
    for (same, stride, count, cropped) in [(0, 2, 6, 0), (1, 2, 7, 0), (0, 1, 3, 1), (1, 1, 5, 0), (0, 3, 9, 0)] {
      var model = TFLiteSpecification()
      let (input, y) = (model.tensor("x", [1, 1, 3, 1]), model.tensor("y", [1, 1, count, 1]))
      let (shape, weights) = (model.integers("s", [1, 1, count, 1]), model.floats("w", [1, 1, 3, 1], w))
      let bias = model.floats("b", [1], [0.5])
      model.apply(
        "TRANSPOSE_CONV", [shape, weights, input, bias], [y],
        [0: .byte(same), 1: .integer(stride), 2: .integer(1), 3: .byte(0)])
      (model.inputs, model.outputs) = ([input], [y])
      let expected = transposed(x, w, stride: stride, cropped: cropped, count: count).map { $0 + 0.5 }
      #expect(try tfliteEvaluate(model, x)[0] == expected, "stride \(stride), padding \(same)")
    }
  }

  @Test func anInt8TransposedConvolutionKeepsItsWeights() throws {
    var model = TFLiteSpecification()
    let x = model.tensor("x", [1, 1, 2, 1], .int8, scales: [0.5], zeroPoint: 2)
    let y = model.tensor("y", [1, 1, 4, 2], .int8, scales: [1], zeroPoint: 0)
    let weights = model.tensor(
      "w", [2, 1, 2, 1], .int8, scales: [0.5, 0.25], dimension: 0, data: [3, 0xfb, 127, 0x80])
    let bias = model.integers("b", [7, 1 << 25 + 1])
    model.apply(
      "TRANSPOSE_CONV", [model.integers("s", [1, 1, 4, 2]), weights, x, bias], [y],
      [0: .byte(1), 1: .integer(2), 2: .integer(1)])
    (model.inputs, model.outputs) = ([x], [y])
    let imported = try TFLiteImporter.read(model.encoded, name: "test.tflite")
    #expect(imported.notes.isEmpty)
    let graph = imported.graph
    #expect(graph.isQuantized)
    #expect(graph.nodes.map { $0.operation.kind } == ["Conv2D", "DepthToSpace"])
    let exact = try #require(graph[graph.nodes[0].inputs[1]].quantizedWeights)
    // Place by place, each with both output channels.
    #expect(exact.values == [3, 127, -5, -128])
    #expect(exact.scales == [0.5, 0.25, 0.5, 0.25])
    #expect(exact.biases == [7, 1 << 25 + 1, 7, 1 << 25 + 1])
  }

  /// A kernel of 3 with blocks of 2 is a dilated convolution: of 7 pixels, padded by 2 and 3, cropped by 0 and 1.
  @Test(arguments: [0, 1]) func blocksAroundAConvolutionAreDilation(extraCrop: Int) throws {
    var model = TFLiteSpecification()
    let count = 7 - extraCrop
    let (x, y) = (model.tensor("x", [1, 1, 7, 1]), model.tensor("y", [1, 1, count, 1]))
    let (spread, convolved) = (model.tensor("spread", [2, 1, 6, 1]), model.tensor("convolved", [2, 1, 4, 1]))
    let biased = model.tensor("biased", [2, 1, 4, 1])
    let block = model.integers("block", [1, 2])
    model.apply("SPACE_TO_BATCH_ND", [x, block, model.integers("pads", [0, 0, 2, 3], shape: [2, 2])], [spread])
    model.apply(
      "CONV_2D", [spread, model.floats("w", [1, 1, 3, 1], [1, 10, 100]), -1], [convolved],
      [0: .byte(1), 1: .integer(1), 2: .integer(1)])
    var last = convolved
    if extraCrop == 1 {
      model.apply("ADD", [convolved, model.floats("b", [1], [0])], [biased])
      last = biased
    }
    let crops = model.integers("crops", [0, 0, 0, 1 + extraCrop], shape: [2, 2])
    model.apply("BATCH_TO_SPACE_ND", [last, block, crops], [y])
    (model.inputs, model.outputs) = ([x], [y])
    let values: [Float] = [1, 2, 3, 4, 5, 6, 7]
    let expected = (0..<count).map { place in
      (0..<3).reduce(0) { sum, tap -> Float in
        let at = place + 2 * tap - 2
        return sum + (values.indices.contains(at) ? values[at] * [1, 10, 100][tap] : 0)
      }
    }
    #expect(try tfliteEvaluate(model, values)[0] == expected)
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    let kinds = graph.nodes.map { $0.operation.kind }
    #expect(kinds == (extraCrop == 0 ? ["Conv2D"] : ["Conv2D", "BatchNormalization", "Slice"]))
  }

  @Test func blocksWithoutAConvolutionAreRefused() throws {
    var model = TFLiteSpecification()
    let (x, y) = (model.tensor("x", [1, 2, 2, 1]), model.tensor("y", [4, 1, 1, 1]))
    model.apply(
      "SPACE_TO_BATCH_ND", [x, model.integers("b", [2, 2]), model.integers("p", [0, 0, 0, 0], shape: [2, 2])], [y])
    let pooled = model.tensor("pooled", [4, 1, 1, 1])
    model.apply("MAX_POOL_2D", [y], [pooled], [0: .byte(1)])
    (model.inputs, model.outputs) = ([x], [pooled])
    #expect(tfliteError(model.encoded)?.problems.first?.reason.contains("SPACE_TO_BATCH_ND") == true)
  }

  @Test func fourBitWeightsAreExact() throws {
    var model = TFLiteSpecification()
    let x = model.tensor("x", [1, 3], .int8, scales: [0.5], zeroPoint: 0)
    let y = model.tensor("y", [1, 1], .int8, scales: [0.5], zeroPoint: 0)
    // 1, −8, 7: the lower half of a byte comes first.
    let weights = model.tensor("w", [1, 3], .int4, scales: [0.25], data: [0x81, 0x07])
    model.apply("FULLY_CONNECTED", [x, weights, -1], [y])
    (model.inputs, model.outputs) = ([x], [y])
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    #expect(graph[graph.nodes[0].inputs[1]].quantizedWeights?.values == [1, -8, 7])
  }
}
