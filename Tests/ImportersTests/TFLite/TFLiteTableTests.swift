import Foundation
import Graph
import Testing

@testable import Importers

/// Tables of imported int8 functions against bytes that LiteRT 2.3 gave.
@Suite struct TFLiteTableTests {
  static let inputs = [
    -128, -127, -100, -77, -51, -50, -20, -10, -9, -1, 0, 1, 2, 3, 4, 5, 9, 10, 21, 50, 64, 77, 100, 126, 127,
  ]

  struct Case: Sendable {
    var kind: String
    var input: Quantization
    var output: Quantization
    var options: [Int: FlatField] = [:]
    var expected: [Int]

    init(
      _ kind: String, _ inputScale: Float, _ inputZero: Int32, _ outputScale: Float, _ outputZero: Int32,
      alpha: Float? = nil, _ expected: [Int]
    ) {
      self.kind = kind
      input = Quantization(scale: inputScale, zeroPoint: inputZero)
      output = Quantization(scale: outputScale, zeroPoint: outputZero)
      if let alpha { options = [0: .float(alpha)] }
      self.expected = expected
    }
  }

  static let cases: [Case] = [
    Case(
      "HARD_SWISH", 0.05, 3, 0.03, -110,
      [
        -110, -110, -110, -110, -115, -115, -122, -118, -118, -113, -112, -112, -111, -110, -109, -108, -105, -103, -91,
        -40, -8, 13, 52, 95, 97,
      ]),
    Case(
      "HARD_SWISH", 0.03, -20, 0.02, -110,
      [
        -110, -110, -122, -128, -126, -126, -110, -102, -101, -93, -92, -91, -90, -89, -88, -87, -82, -81, -67, -21, 6,
        33, 70, 109, 110,
      ]),
    Case(
      "HARD_SWISH", 0.2, 7, 0.1, -120,
      [
        -120, -120, -120, -120, -120, -120, -120, -120, -120, -124, -124, -124, -123, -123, -122, -122, -118, -116, -93,
        -34, -6, 20, 66, 118, 120,
      ]),
    Case(
      "LEAKY_RELU", 0.05, 3, 0.05, 3, alpha: 0.1,
      [-10, -10, -7, -5, -2, -2, 1, 2, 2, 3, 3, 3, 3, 3, 4, 5, 9, 10, 21, 50, 64, 77, 100, 126, 127]),
    Case(
      "LEAKY_RELU", 0.03, -20, 0.02, -50, alpha: 0.3,
      [
        -99, -98, -86, -76, -64, -63, -50, -35, -33, -21, -20, -18, -17, -15, -14, -12, -6, -5, 12, 55, 76, 96, 127,
        127, 127,
      ]),
    Case(
      "QUANTIZE", 0.03, 3, 0.07, 5,
      [-51, -51, -39, -29, -18, -18, -5, -1, 0, 3, 4, 4, 5, 5, 5, 6, 8, 8, 13, 25, 31, 37, 47, 58, 58]),
    Case(
      "QUANTIZE", 0.07, -100, 0.03, -128,
      [
        -128, -128, -128, -74, -14, -11, 59, 82, 84, 103, 105, 108, 110, 112, 115, 117, 126, 127, 127, 127, 127, 127,
        127, 127, 127,
      ]),
    Case(
      "RELU", 0.075, 18, 0.225, 105,
      [
        105, 105, 105, 105, 105, 105, 105, 105, 105, 105, 105, 105, 105, 105, 105, 105, 105, 105, 106, 116, 121, 125,
        127, 127, 127,
      ]),
    Case(
      "RELU6", 0.03, 7, 0.05, -128,
      [
        -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -127, -126,
        -120, -102, -94, -86, -72, -57, -56,
      ]),
    Case(
      "ABS", 0.017, -24, 0.055, 4,
      [36, 36, 28, 21, 13, 12, 5, 9, 9, 11, 12, 12, 12, 13, 13, 13, 14, 15, 18, 27, 31, 35, 43, 51, 51]),
    Case(
      "SQRT", 0.05, -128, 0.02, -128,
      [-128, -117, -69, -49, -30, -30, -12, -7, -7, -3, -2, -2, -1, -1, 0, 0, 2, 3, 8, 21, 26, 32, 40, 50, 50]),
  ]

  @Test(arguments: cases.indices) func givesTheBytesOfLiteRT(index: Int) throws {
    let test = Self.cases[index]
    var model = TFLiteSpecification()
    let x = model.tensor(
      "x", [1, 4], .int8, scales: [test.input.scale], zeroPoint: Int(test.input.zeroPoint))
    let y = model.tensor("y", [1, 4], .int8, scales: [test.output.scale], zeroPoint: Int(test.output.zeroPoint))
    model.apply(test.kind, [x], [y], test.options)
    (model.inputs, model.outputs) = ([x], [y])
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    let table = try #require((graph.nodes[0].operation as? Activation)?.definedTable)
    #expect(Self.inputs.map { Int(table[$0 + 128]) - 128 } == test.expected, "\(test.kind)")
  }

  /// One constant byte makes a sum or product a table: XNNPACK's rules, worked out here.
  @Test func constantsOfOneByte() throws {
    for (kind, isFirst) in [("ADD", false), ("SUB", false), ("SUB", true), ("MUL", true)] {
      var model = TFLiteSpecification()
      let x = model.tensor("x", [1, 4], .int8, scales: [0.05], zeroPoint: -7)
      let y = model.tensor("y", [1, 4], .int8, scales: [0.021], zeroPoint: 5)
      let c = model.tensor("c", [1], .int8, scales: [0.013], zeroPoint: 30, data: [100])
      model.apply(kind, isFirst ? [c, x] : [x, c], [y])
      (model.inputs, model.outputs) = ([x], [y])
      let imported = try TFLiteImporter.read(model.encoded, name: "test.tflite")
      #expect(imported.notes.isEmpty)
      let table = try #require((imported.graph.nodes[0].operation as? Activation)?.definedTable)
      let (a, b) = (Float(0.05) / 0.021 * 0x1p19, Float(0.013) / 0.021 * 0x1p19)
      for stored in 0..<256 {
        let distance = stored - 128 + 7
        let expected: Int
        if kind == "MUL" {
          let factor = Float(0.013) * 0.05 / 0.021
          expected = Int((Float(distance * 70) * factor).rounded(.toNearestOrEven))
        } else {
          let (signX, signC) = (isFirst ? -1 : 1, kind == "SUB" && !isFirst ? -1 : 1)
          let sum = signX * distance * Int(a.rounded()) + signC * 70 * Int(b.rounded())
          expected = (sum + 1 << 18) >> 19
        }
        #expect(Int(table[stored]) == max(0, min(255, expected + 5 + 128)), "\(kind) of \(stored)")
      }
    }
  }

  /// One constant byte a channel: a depthwise convolution with those weights.
  @Test func productsWithABytePerChannel() throws {
    var model = TFLiteSpecification()
    let x = model.tensor("x", [1, 1, 1, 2], .int8, scales: [0.05], zeroPoint: -7)
    let y = model.tensor("y", [1, 1, 1, 2], .int8, scales: [0.021], zeroPoint: 5)
    model.apply(
      "MUL", [x, model.tensor("c", [2], .int8, scales: [0.013], zeroPoint: 30, data: [100, 0x80 + 60])], [y])
    (model.inputs, model.outputs) = ([x], [y])
    let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
    // The second byte is −68, 98 below the zero point.
    #expect(graph[graph.nodes[0].inputs[1]].quantizedWeights?.values == [70, -98])
    #expect(graph.nodes[0].operation is DepthwiseConv2D)
  }

  @Test func impossibleScalesMakeNoCrash() throws {
    for scale: Float in [1e-38, 1e-30, 1e30, 3e38] {
      for other: Float in [1e-38, 1, 3e38] {
        for kind in ["HARD_SWISH", "LEAKY_RELU", "RELU6", "ABS", "SQRT", "QUANTIZE", "SUM", "ADD", "PRELU"] {
          var model = TFLiteSpecification()
          let x = model.tensor("x", [1, 1, 4, 2], .int8, scales: [scale], zeroPoint: 127)
          let y = model.tensor("y", [1, 1, 4, 2], .int8, scales: [other], zeroPoint: -128)
          let c = model.tensor("c", [2], .int8, scales: [other], zeroPoint: 1 << 40, data: [1, 2])
          let second =
            kind == "SUM" ? [model.integers("a", [1])] : kind == "ADD" || kind == "PRELU" ? [c] : []
          model.apply(kind, [x] + second, [y], [0: .float(3e38)])
          (model.inputs, model.outputs) = ([x], [y])
          _ = tfliteError(model.encoded)
        }
      }
    }
  }
}
