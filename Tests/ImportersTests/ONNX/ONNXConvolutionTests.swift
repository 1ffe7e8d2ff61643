import Graph
import Testing

@testable import Importers

/// Convolutions and poolings against their definition on N×C×H×W.
@Suite struct ONNXConvolutionTests {
  struct Problem: CustomTestStringConvertible, Sendable {
    var channels = 4
    var outputs = 6
    var kernel = [3, 2]
    var groups = 1
    var strides = [1, 1]
    var dilations = [1, 1]
    var pads = [0, 0, 0, 0]
    var automatic: String?
    var kind = "Conv2D"
    var size = [7, 9]

    var testDescription: String {
      "\(channels)→\(outputs) \(kernel) groups \(groups) strides \(strides) pads \(automatic ?? "\(pads)")"
    }
  }

  static let problems: [Problem] = [
    Problem(), Problem(kernel: [1, 1], pads: [1, 0, 2, 3]), Problem(strides: [2, 3], pads: [1, 1, 0, 1]),
    Problem(groups: 2, pads: [1, 1, 1, 1]), Problem(dilations: [2, 3], pads: [2, 0, 1, 2]),
    Problem(outputs: 4, groups: 4, strides: [2, 2], pads: [1, 0, 1, 1], kind: "DepthwiseConv2D"),
    Problem(outputs: 8, groups: 4), Problem(channels: 1, outputs: 3),
    Problem(strides: [2, 2], pads: [1, 0, 1, 1], automatic: "SAME_UPPER"),
    Problem(strides: [2, 2], pads: [1, 1, 1, 0], automatic: "SAME_LOWER"),
    Problem(pads: [0, 0, 0, 0], automatic: "VALID"),
  ]

  @Test(arguments: problems)
  func followsTheDefinition(_ problem: Problem) throws {
    var random = SeededNumbers(11)
    let shape = [problem.outputs, problem.channels / problem.groups] + problem.kernel
    let (weights, bias) = (random.floats(shape.reduce(1, *)), random.floats(problem.outputs))
    var model = ModelSpecification(input: [1, .size(problem.channels), .size(problem.size[0]), .size(problem.size[1])])
    model.initializers = [.floats("w", shape, weights), .floats("b", [problem.outputs], bias)]
    var attributes: [AttributeSpecification] = [
      .integer("group", problem.groups), .integers("strides", problem.strides),
      .integers("dilations", problem.dilations),
    ]
    attributes.append(problem.automatic.map { .text("auto_pad", $0) } ?? .integers("pads", problem.pads))
    model.node("Conv", ["x", "w", "b"], ["y"], attributes, name: "conv")
    let network = try imported(model)
    #expect(count(problem.kind, in: network) == 1)
    let input = counting([1, problem.channels] + problem.size)
    let result = try outputs(network, input)[0]
    expectNear(result, Self.convolution(problem, input, weights, bias), tolerance: 1e-4)
  }

  /// The definition, with explicit pads.
  static func convolution(_ problem: Problem, _ input: Tensor, _ weights: [Float], _ bias: [Float]) -> Tensor {
    let inner = problem.channels / problem.groups
    let sizes = (0..<2).map { axis in
      let reach = (problem.kernel[axis] - 1) * problem.dilations[axis] + 1
      return (problem.size[axis] + problem.pads[axis] + problem.pads[axis + 2] - reach) / problem.strides[axis] + 1
    }
    var result = Tensor(shape: [1, problem.outputs] + sizes)
    for output in 0..<problem.outputs {
      let first = output / (problem.outputs / problem.groups) * inner
      for place in 0..<sizes[0] * sizes[1] {
        var sum = bias[output]
        for tap in 0..<inner * problem.kernel[0] * problem.kernel[1] {
          let (channel, offset) = tap.quotientAndRemainder(dividingBy: problem.kernel[0] * problem.kernel[1])
          let row = place / sizes[1] * problem.strides[0] - problem.pads[0]
          let column = place % sizes[1] * problem.strides[1] - problem.pads[1]
          let y = row + offset / problem.kernel[1] * problem.dilations[0]
          let x = column + offset % problem.kernel[1] * problem.dilations[1]
          guard (0..<problem.size[0]).contains(y), (0..<problem.size[1]).contains(x) else { continue }
          let weight = weights[output * inner * problem.kernel[0] * problem.kernel[1] + tap]
          sum += weight * input.values[((first + channel) * problem.size[0] + y) * problem.size[1] + x]
        }
        result.values[output * sizes[0] * sizes[1] + place] = sum
      }
    }
    return result
  }

  /// N×C×W becomes an image of one row, and comes back as N×C×W.
  @Test func importsOneDimension() throws {
    var model = ModelSpecification(input: [1, 2, 5])
    model.initializers = [.floats("w", [1, 2, 2], [1, 2, 3, 4])]
    model.node("Conv", ["x", "w"], ["c"], [.integers("pads", [1, 0])])
    model.node("MaxPool", ["c"], ["y"], [.integers("kernel_shape", [2]), .integers("strides", [2])])
    let input = Tensor(shape: [1, 2, 5], values: [1, 2, 3, 4, 5, 1, 1, 1, 1, 1])
    let result = try outputs(try imported(model), input)[0]
    // The convolution gives 2+4, then a + 2b + 7 for neighbours a, b.
    #expect(result == Tensor(shape: [1, 1, 2], values: [12, 18]))
  }

  @Test(arguments: [false, true])
  func averagePoolCountsPadding(_ counts: Bool) throws {
    var model = ModelSpecification(input: [1, 1, 2, 2])
    model.node(
      "AveragePool", ["x"], ["y"],
      [
        .integers("kernel_shape", [2, 2]), .integers("strides", [2, 2]), .integers("pads", [1, 1, 0, 0]),
        .integer("ceil_mode", 1), .integer("count_include_pad", counts ? 1 : 0),
      ])
    let result = try outputs(try imported(model), Tensor(shape: [1, 1, 2, 2], values: [4, 8, 12, 16]))[0]
    #expect(result.shape == [1, 1, 2, 2])
    #expect(result.values[0] == (counts ? 1 : 4))
    // The window at the lower right hangs over the end: only what lies inside image and padding counts.
    #expect(result.values[3] == 16)
  }

  @Test func globalPoolsAndMeans() throws {
    var model = ModelSpecification(operatorSet: 18, input: [1, 3, 2, 2])
    model.initializers = [.integers("axes", [-1, 2])]
    model.node("GlobalAveragePool", ["x"], ["a"])
    model.node("GlobalMaxPool", ["x"], ["b"])
    model.node("ReduceMean", ["x", "axes"], ["c"], [.integer("keepdims", 0)])
    model.node("ReduceMean", ["x"], ["d"])
    model.outputs = ["a", "b", "c", "d"]
    let values: [Float] = [1, 2, 3, 6, 0, 0, 0, 4, -1, -2, -3, -6]
    let results = try outputs(try imported(model), Tensor(shape: [1, 3, 2, 2], values: values))
    #expect(results[0] == Tensor(shape: [1, 3, 1, 1], values: [3, 1, -3]))
    #expect(results[1] == Tensor(shape: [1, 3, 1, 1], values: [6, 4, -1]))
    #expect(results[2] == Tensor(shape: [1, 3], values: [3, 1, -3]))
    expectNear(results[3], Tensor(shape: [1, 1, 1, 1], values: [1 / 3]))
  }

  @Test(arguments: [7, 14])
  func batchNormalization(operatorSet: Int) throws {
    var model = ModelSpecification(operatorSet: operatorSet, input: [1, 2, 1, 2])
    model.initializers = [
      .floats("s", [2], [1, 2]), .floats("b", [2], [0, 1]), .floats("m", [2], [1, -1]), .floats("v", [2], [3, 8]),
    ]
    model.node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], [.float("epsilon", 1)])
    let result = try outputs(try imported(model), Tensor(shape: [1, 2, 1, 2], values: [1, 5, 2, 5]))[0]
    expectNear(result, Tensor(shape: [1, 2, 1, 2], values: [0, 2, 3, 5]))
  }
}
