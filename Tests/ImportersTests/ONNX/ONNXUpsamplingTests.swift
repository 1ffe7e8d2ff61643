import Graph
import Testing

@testable import Importers

/// Operators that make images larger, against their definitions on N×C×H×W.
@Suite struct ONNXUpsamplingTests {
  struct Problem: CustomTestStringConvertible, Sendable {
    var channels = 4
    var outputs = 6
    var kernel = [3, 2]
    var groups = 1
    var strides = [2, 2]
    var dilations = [1, 1]
    var pads = [0, 0, 0, 0]
    var extra = [0, 0]
    var size = [4, 5]

    var testDescription: String {
      "\(channels)→\(outputs) \(kernel) groups \(groups) strides \(strides) dilations \(dilations) pads \(pads) \(extra)"
    }
  }

  static let problems: [Problem] = [
    Problem(), Problem(kernel: [2, 2]), Problem(kernel: [4, 4], pads: [1, 1, 1, 1]),
    Problem(kernel: [3, 3], pads: [1, 1, 1, 1], extra: [1, 1]), Problem(kernel: [3, 3], strides: [3, 1]),
    Problem(kernel: [5, 1], strides: [1, 3], pads: [2, 0, 0, 1], extra: [0, 2]), Problem(kernel: [1, 1]),
    Problem(groups: 2, pads: [1, 0, 0, 1]), Problem(outputs: 4, kernel: [4, 4], groups: 4, pads: [1, 1, 1, 1]),
    Problem(kernel: [2, 3], dilations: [2, 3], pads: [1, 2, 3, 0]), Problem(kernel: [4, 4], pads: [3, 2, 3, 3]),
  ]

  @Test(arguments: problems) func transposedConvolution(_ problem: Problem) throws {
    var random = SeededNumbers(5)
    let shape = [problem.channels, problem.outputs / problem.groups] + problem.kernel
    let (weights, bias) = (random.floats(shape.reduce(1, *)), random.floats(problem.outputs))
    var model = ModelSpecification(input: [1, .size(problem.channels), .size(problem.size[0]), .size(problem.size[1])])
    model.initializers = [.floats("w", shape, weights), .floats("b", [problem.outputs], bias)]
    model.node(
      "ConvTranspose", ["x", "w", "b"], ["y"],
      [
        .integer("group", problem.groups), .integers("strides", problem.strides), .integers("pads", problem.pads),
        .integers("dilations", problem.dilations), .integers("output_padding", problem.extra),
      ])
    let input = counting([1, problem.channels] + problem.size)
    expectNear(
      try outputs(try imported(model), input)[0], Self.transposed(problem, input, weights, bias), tolerance: 1e-4)
  }

  /// Each input pixel adds its share to the output pixels that it reaches.
  static func transposed(_ problem: Problem, _ input: Tensor, _ weights: [Float], _ bias: [Float]) -> Tensor {
    let size = (0..<2).map { axis in
      let reach = (problem.kernel[axis] - 1) * problem.dilations[axis] + 1
      let cropped = problem.pads[axis] + problem.pads[axis + 2]
      return (problem.size[axis] - 1) * problem.strides[axis] + reach + problem.extra[axis] - cropped
    }
    let (inner, outer) = (problem.channels / problem.groups, problem.outputs / problem.groups)
    let taps = problem.kernel[0] * problem.kernel[1]
    let (area, pixels) = (size[0] * size[1], problem.size[0] * problem.size[1])
    var values: [Float] = []
    for output in 0..<problem.outputs { values += [Float](repeating: bias[output], count: area) }
    func place(_ axis: Int, _ pixel: Int, _ tap: Int) -> Int {
      let (pixels, taps) = (problem.size[1], problem.kernel[1])
      let (from, by) = axis == 0 ? (pixel / pixels, tap / taps) : (pixel % pixels, tap % taps)
      return from * problem.strides[axis] + by * problem.dilations[axis] - problem.pads[axis]
    }
    for channel in 0..<problem.channels {
      for output in 0..<outer {
        for pixel in 0..<pixels {
          for tap in 0..<taps {
            let (y, x) = (place(0, pixel, tap), place(1, pixel, tap))
            guard (0..<size[0]).contains(y), (0..<size[1]).contains(x) else { continue }
            let image = channel / inner * outer + output
            let factor = weights[(channel * outer + output) * taps + tap]
            values[image * area + y * size[1] + x] += factor * input.values[channel * pixels + pixel]
          }
        }
      }
    }
    return Tensor(shape: [1, problem.outputs] + size, values: values)
  }

  @Test(arguments: ["DCR", "CRD"]) func depthBecomesSpace(_ mode: String) throws {
    var model = ModelSpecification(input: [1, 8, 2, 3])
    model.node("DepthToSpace", ["x"], ["y"], [.integer("blocksize", 2), .text("mode", mode)])
    let x = counting([1, 8, 2, 3])
    var expected = Tensor(shape: [1, 2, 4, 6])
    for index in 0..<48 {
      let (channel, y, column) = (index / 24, index / 6 % 4, index % 6)
      let place = y % 2 * 2 + column % 2
      let source = mode == "DCR" ? place * 2 + channel : channel * 4 + place
      expected.values[index] = x.values[(source * 2 + y / 2) * 3 + column / 2]
    }
    #expect(try outputs(try imported(model), x)[0] == expected)
  }

  @Test func spaceBecomesDepthAndBack() throws {
    var model = ModelSpecification(input: [1, 3, 4, 6])
    model.node("SpaceToDepth", ["x"], ["d"], [.integer("blocksize", 2)])
    model.node("DepthToSpace", ["d"], ["y"], [.integer("blocksize", 2)])
    model.outputs = ["y", "d"]
    let x = counting([1, 3, 4, 6])
    let results = try outputs(try imported(model), x)
    #expect(results[0] == x)
    #expect(results[1].shape == [1, 12, 2, 3])
    #expect(results[1].values[6 * 6] == x.values[6])  // channel 0 of the block's second row
  }

  /// One row of four pixels to eight or six, as the ONNX specification's formulas give them.
  @Test(
    arguments: [
      ("nearest", "asymmetric", "floor", 8, [1, 1, 2, 2, 3, 3, 4, 4]),
      ("nearest", "asymmetric", "ceil", 8, [1, 2, 2, 3, 3, 4, 4, 4]),
      ("nearest", "half_pixel", "round_prefer_floor", 6, [1, 1, 2, 3, 3, 4]),
      ("nearest", "half_pixel", "round_prefer_ceil", 6, [1, 2, 2, 3, 4, 4]),
      ("linear", "half_pixel", "floor", 8, [1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4]),
      ("linear", "asymmetric", "floor", 8, [1, 1.5, 2, 2.5, 3, 3.5, 4, 4]),
      ("linear", "align_corners", "floor", 7, [1, 1.5, 2, 2.5, 3, 3.5, 4]),
      ("linear", "pytorch_half_pixel", "floor", 2, [1.5, 3.5]),
      ("linear", "pytorch_half_pixel", "floor", 1, [1]), ("linear", "half_pixel", "floor", 1, [2.5]),
    ] as [(String, String, String, Int, [Float])])
  func resize(mode: String, coordinates: String, nearest: String, size: Int, expected: [Float]) throws {
    var model = ModelSpecification(input: [1, 1, 1, 4])
    model.initializers = [.integers("sizes", [1, 1, 1, size])]
    model.node(
      "Resize", ["x", "", "", "sizes"], ["y"],
      [
        .text("mode", mode), .text("coordinate_transformation_mode", coordinates), .text("nearest_mode", nearest),
      ])
    let x = Tensor(shape: [1, 1, 1, 4], values: [1, 2, 3, 4])
    expectNear(try outputs(try imported(model), x)[0], Tensor(shape: [1, 1, 1, size], values: expected))
  }

  @Test func scalesAndUpsample() throws {
    let scales = TensorSpecification.floats("scales", [4], [1, 1, 2, 3])
    let x = counting([1, 2, 2, 2])
    for (operation, set, inputs) in [
      ("Resize", 13, ["x", "", "scales"]), ("Resize", 10, ["x", "scales"]), ("Upsample", 9, ["x", "scales"]),
    ] {
      var model = ModelSpecification(operatorSet: set, input: [1, 2, 2, 2])
      model.initializers = [scales]
      model.node(operation, inputs, ["y"])
      let result = try outputs(try imported(model), x)[0]
      let expected = (0..<48).map { index in
        let (channel, row, column) = (index / 24, index / 6 % 4, index % 6)
        return x.values[channel * 4 + row / 2 * 2 + column / 3]
      }
      expectNear(result, Tensor(shape: [1, 2, 4, 6], values: expected))
    }
  }
}
