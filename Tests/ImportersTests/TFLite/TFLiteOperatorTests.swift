import Foundation
import Graph
import Testing

@testable import Importers

/// Float operators against results worked out by hand.
@Suite struct TFLiteOperatorTests {
  @Test func functionsOfOneArgument() throws {
    let x: [Float] = [-2, -0.5, 0, 4]
    let cases: [(String, [Int: FlatField], [Float])] = [
      ("ABS", [:], [2, 0.5, 0, 4]), ("NEG", [:], [2, 0.5, 0, -4]), ("SQUARE", [:], [4, 0.25, 0, 16]),
      ("LEAKY_RELU", [0: .float(0.25)], [-0.5, -0.125, 0, 4]), ("RELU", [:], [0, 0, 0, 4]),
      ("RELU_N1_TO_1", [:], [-1, -0.5, 0, 1]), ("CEIL", [:], [-2, 0, 0, 4]), ("SIGN", [:], [-1, -1, 0, 1]),
      ("HARD_SWISH", [:], [-2 / 6, -0.5 * 2.5 / 6, 0, 4]),
    ]
    for (kind, options, expected) in cases {
      let found = try tfliteEvaluate(kind, [1, 4], x, to: [1, 4], options: options)
      for (one, other) in zip(found, expected) { #expect(abs(one - other) < 1e-6, "\(kind)") }
    }
    #expect(try tfliteEvaluate("RSQRT", [1, 2], [4, 0.25], to: [1, 2]) == [0.5, 2])
    #expect(try tfliteEvaluate("POW", [1, 2], [4, 9], to: [1, 2]) { [$0.floats("p", [], [0.5])] } == [2, 3])
  }

  @Test func constantsAlongAnyAxis() throws {
    let x: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
    func apply(_ kind: String, _ shape: [Int], _ values: [Float]) throws -> [Float] {
      try tfliteEvaluate(kind, [1, 2, 2, 2], x, to: [1, 2, 2, 2]) { [$0.floats("c", shape, values)] }
    }
    #expect(try apply("ADD", [2], [10, 20]) == [11, 22, 13, 24, 15, 26, 17, 28])
    #expect(try apply("MUL", [2, 1, 1], [1, -1]) == [1, 2, 3, 4, -5, -6, -7, -8])
    #expect(try apply("SUB", [1, 1, 2, 1], [1, 3]) == [0, 1, 0, 1, 4, 5, 4, 5])
    #expect(try apply("DIV", [], [2]) == [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4])
    #expect(try apply("MAXIMUM", [1], [4.5]) == [4.5, 4.5, 4.5, 4.5, 5, 6, 7, 8])
    #expect(try apply("MINIMUM", [], [3]) == [1, 2, 3, 3, 3, 3, 3, 3])
  }

  @Test func constantsThatComeFirst() throws {
    for (kind, expected) in [("SUB", [9, 8] as [Float]), ("DIV", [10, 5])] {
      var model = TFLiteSpecification()
      let (x, y) = (model.tensor("x", [1, 2]), model.tensor("y", [1, 2]))
      model.apply(kind, [model.floats("c", [1], [10]), x], [y])
      (model.inputs, model.outputs) = ([x], [y])
      #expect(try tfliteEvaluate(model, [1, 2])[0] == expected)
    }
  }

  @Test func slopesOfEachChannel() throws {
    func apply(_ slopes: [Float]) throws -> [Float] {
      try tfliteEvaluate("PRELU", [1, 1, 2, 2], [-1, -2, 3, 4], to: [1, 1, 2, 2]) {
        [$0.floats("s", [1, 1, 2], slopes)]
      }
    }
    #expect(try apply([0.5, 0.25]) == [-0.5, -0.5, 3, 4])
    #expect(try apply([2, 3]) == [-2, -6, 3, 4])
    #expect(try apply([2, 0.5]) == [-2, -1, 3, 4])
    #expect(try apply([0.5, 0.5]) == [-0.5, -1, 3, 4])
  }

  @Test func sumsMeansAndExtremaOfAnyAxes() throws {
    let x: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
    func apply(_ kind: String, _ axes: [Int], keeps: Int, to shape: [Int]) throws -> [Float] {
      try tfliteEvaluate(kind, [1, 2, 2, 2], x, to: shape, options: [0: .byte(keeps)]) { [$0.integers("a", axes)] }
    }
    #expect(try apply("SUM", [1, 2], keeps: 0, to: [1, 2]) == [16, 20])
    #expect(try apply("SUM", [-1], keeps: 1, to: [1, 2, 2, 1]) == [3, 7, 11, 15])
    #expect(try apply("MEAN", [1, 3], keeps: 0, to: [1, 2]) == [3.5, 5.5])
    #expect(try apply("MEAN", [2], keeps: 1, to: [1, 2, 1, 2]) == [2, 3, 6, 7])
    #expect(try apply("REDUCE_MAX", [1, 2], keeps: 0, to: [1, 2]) == [7, 8])
    #expect(try apply("REDUCE_MAX", [1, 3], keeps: 0, to: [1, 2]) == [6, 8])
    #expect(try apply("REDUCE_MIN", [-1], keeps: 1, to: [1, 2, 2, 1]) == [1, 3, 5, 7])
    #expect(try apply("REDUCE_MIN", [1, 3], keeps: 0, to: [1, 2]) == [1, 3])
  }

  @Test func resizing() throws {
    func apply(_ kind: String, _ options: [Int: FlatField], _ input: [Float], to size: Int) throws -> [Float] {
      try tfliteEvaluate(kind, [1, 1, input.count, 1], input, to: [1, 1, size, 1], options: options) {
        [$0.integers("s", [1, size])]
      }
    }
    #expect(try apply("RESIZE_BILINEAR", [:], [0, 4], to: 4) == [0, 2, 4, 4])
    #expect(try apply("RESIZE_BILINEAR", [3: .byte(1)], [0, 4], to: 4) == [0, 1, 3, 4])
    #expect(try apply("RESIZE_BILINEAR", [2: .byte(1)], [0, 3], to: 4) == [0, 1, 2, 3])
    #expect(try apply("RESIZE_NEAREST_NEIGHBOR", [:], [1, 2, 3], to: 2) == [1, 2])
    #expect(try apply("RESIZE_NEAREST_NEIGHBOR", [1: .byte(1)], [1, 2, 3], to: 2) == [1, 3])
    #expect(try apply("RESIZE_NEAREST_NEIGHBOR", [0: .byte(1)], [1, 2, 3], to: 2) == [1, 3])
  }

  @Test func rearranging() throws {
    let x = (0..<16).map { Float($0) }
    #expect(
      try tfliteEvaluate("SPACE_TO_DEPTH", [1, 2, 2, 1], [1, 2, 3, 4], to: [1, 1, 1, 4], options: [0: .integer(2)])
        == [1, 2, 3, 4])
    #expect(
      try tfliteEvaluate(
        "DEPTH_TO_SPACE", [1, 1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8], to: [1, 2, 4, 1], options: [0: .integer(2)])
        == [1, 2, 5, 6, 3, 4, 7, 8])
    func gathered(_ places: [Int], axis: Int, to shape: [Int]) throws -> [Float] {
      try tfliteEvaluate("GATHER", [1, 2, 2, 4], x, to: shape, options: [0: .integer(axis)]) {
        [$0.integers("i", places)]
      }
    }
    #expect(try gathered([0, 2], axis: 3, to: [1, 2, 2, 2]) == [0, 2, 4, 6, 8, 10, 12, 14])
    #expect(try gathered([1, 0], axis: 1, to: [1, 2, 2, 4]) == Array(x[8...] + x[..<8]))
    #expect(try gathered([3, 3, 0], axis: -1, to: [1, 2, 2, 3]) == [3, 3, 0, 7, 7, 4, 11, 11, 8, 15, 15, 12])
  }

  @Test func partsOfGivenSizes() throws {
    var model = TFLiteSpecification()
    let x = model.tensor("x", [1, 6])
    let parts = [model.tensor("a", [1, 1]), model.tensor("b", [1, 3]), model.tensor("c", [1, 2])]
    model.apply("SPLIT_V", [x, model.integers("sizes", [1, -1, 2]), model.integers("axis", [-1], shape: [])], parts)
    (model.inputs, model.outputs) = ([x], parts)
    #expect(try tfliteEvaluate(model, [1, 2, 3, 4, 5, 6]) == [[1], [2, 3, 4], [5, 6]])
  }

  @Test func unpackedAndPackedAgain() throws {
    var model = TFLiteSpecification()
    let (x, y) = (model.tensor("x", [1, 2, 3]), model.tensor("y", [1, 3, 2]))
    let (a, b) = (model.tensor("a", [1, 3]), model.tensor("b", [1, 3]))
    model.apply("UNPACK", [x], [a, b], [0: .integer(2), 1: .integer(1)])
    model.apply("PACK", [b, a], [y], [0: .integer(2), 1: .integer(2)])
    (model.inputs, model.outputs) = ([x], [y])
    #expect(try tfliteEvaluate(model, [1, 2, 3, 4, 5, 6])[0] == [4, 1, 5, 2, 6, 3])
  }

  @Test func softmaxOfAnotherBeta() throws {
    let found = try tfliteEvaluate("SOFTMAX", [1, 2], [0, 1], to: [1, 2], options: [0: .float(2)])
    #expect(abs(found[1] - 1 / (1 + exp(-2))) < 1e-6)
    let logarithms = try tfliteEvaluate("LOG_SOFTMAX", [1, 2], [0, 1], to: [1, 2])
    #expect(abs(logarithms[0] + log(1 + exp(1))) < 1e-6)
  }

  @Test func squaredDifferences() throws {
    var model = TFLiteSpecification()
    let (x, r, y) = (model.tensor("x", [1, 2]), model.tensor("r", [1, 2]), model.tensor("y", [1, 2]))
    model.apply("NEG", [x], [r])
    model.apply("SQUARED_DIFFERENCE", [x, r], [y])
    (model.inputs, model.outputs) = ([x], [y])
    #expect(try tfliteEvaluate(model, [1, -3])[0] == [4, 36])
  }
}
