import Graph
import Testing

@testable import Importers

/// Where the data lies: what must become a transpose, and what must not.
@Suite struct ONNXLayoutTests {
  /// Chains of reshapes and transposes against the same on plain row-major tensors.
  @Test(arguments: 0..<200)
  func viewsFollowTheSource(seed: Int) throws {
    var random = SeededNumbers(UInt64(seed))
    let shape = [1, [2, 6, 12].randomElement(using: &random)!, 4, [3, 1, 6].randomElement(using: &random)!]
    var model = ModelSpecification(input: shape.map { .size($0) })
    var expected = counting(shape)
    let input = expected
    var name = "x"
    for step in 0..<Int.random(in: 1...5, using: &random) {
      let next = "v\(step)"
      if Bool.random(using: &random) {
        let permutation = Array(expected.shape.indices).shuffled(using: &random)
        model.node("Transpose", [name], [next], [.integers("perm", permutation)])
        let strides = rowMajorStrides(expected.shape)
        let sizes = permutation.map { expected.shape[$0] }
        expected = Tensor(
          shape: sizes, values: stridedCopy(expected.values, sizes: sizes, strides: permutation.map { strides[$0] }))
      } else {
        var factors: [Int] = []
        var rest = expected.count
        while rest > 1, factors.count < 4 {
          let factor = [1, 2, 3, 4, 6, 12].filter { rest % $0 == 0 }.randomElement(using: &random)!
          factors.append(factor)
          rest /= factor
        }
        factors.append(rest)
        model.initializers.append(.integers("s\(step)", factors))
        model.node("Reshape", [name, "s\(step)"], [next])
        expected.shape = factors
      }
      name = next
    }
    model.node("Relu", [name], ["y"])
    expected.values = expected.values.map { max(0, $0) }
    let result = try outputs(try imported(model), input)[0]
    #expect(result == expected)
  }

  /// Convolution, flatten, fully connected: the weights are permuted, not the activation.
  @Test func flattenBeforeGemmNeedsNoTranspose() throws {
    var random = SeededNumbers(7)
    var model = ModelSpecification(input: ["batch", 2, 4, 3])
    let (dense, bias) = (random.floats(180), random.floats(5))
    model.initializers = [
      .floats("w", [3, 2, 1, 1], random.floats(6)), .floats("d", [36, 5], dense), .floats("b", [5], bias),
    ]
    model.node("Conv", ["x", "w"], ["c"])
    model.node("Flatten", ["c"], ["f"])
    model.node("Gemm", ["f", "d", "b"], ["y"], [.float("alpha", 0.5), .float("beta", 2)])
    model.outputs = ["y", "c"]
    let network = try imported(model)
    #expect(count("Transpose", in: network) == 0)
    #expect(network.outputs[1].order == [0, 2, 3, 1])
    #expect(network.graph.outputs.map { network.graph[$0].name } == ["y", "c"])
    #expect(network.graph.inputs.map { network.graph[$0].name } == ["x"])
    let results = try outputs(network, counting([1, 2, 4, 3]))
    let image = results[1]
    var expected = bias.map { 2 * $0 }
    for (row, value) in image.values.enumerated() {
      for output in 0..<5 { expected[output] += 0.5 * value * dense[row * 5 + output] }
    }
    expectNear(results[0], Tensor(shape: [1, 5], values: expected))
  }

  /// A source that is channels-last already, with transposes around each convolution.
  @Test func channelsLastSourceNeedsNoTranspose() throws {
    var model = ModelSpecification(input: [1, 5, 4, 2])
    model.initializers = [.floats("w", [3, 2, 1, 1], [1, 0, 0, 1, 1, 1]), .floats("w2", [1, 3, 1, 1], [1, 2, 3])]
    model.node("Transpose", ["x"], ["n"], [.integers("perm", [0, 3, 1, 2])])
    model.node("Conv", ["n", "w"], ["c"])
    model.node("Transpose", ["c"], ["l"], [.integers("perm", [0, 2, 3, 1])])
    model.node("Relu", ["l"], ["r"])
    model.node("Transpose", ["r"], ["m"], [.integers("perm", [0, 3, 1, 2])])
    model.node("Conv", ["m", "w2"], ["d"])
    model.node("Transpose", ["d"], ["y"], [.integers("perm", [0, 2, 3, 1])])
    let network = try imported(model)
    #expect(count("Transpose", in: network) == 0)
    #expect(network.inputs[0].order == [0, 1, 2, 3])
    let input = counting([1, 5, 4, 2])
    let result = try outputs(network, input)[0]
    let expected = (0..<20).map { pixel -> Float in
      let (a, b) = (input.values[2 * pixel], input.values[2 * pixel + 1])
      return max(0, a) + 2 * max(0, b) + 3 * max(0, a + b)
    }
    expectNear(result, Tensor(shape: [1, 5, 4, 1], values: expected))
  }

  /// A channel shuffle before an ungrouped convolution costs nothing: the convolution's weights are permuted.
  @Test func shuffleBeforeConvolutionNeedsNoTranspose() throws {
    var model = ModelSpecification(input: [1, 6, 2, 2])
    model.initializers = [
      .integers("a", [1, 2, 3, 2, 2]), .integers("b", [1, 6, 2, 2]), .floats("w", [1, 6, 1, 1], [1, 2, 3, 4, 5, 6]),
    ]
    model.node("Reshape", ["x", "a"], ["s"])
    model.node("Transpose", ["s"], ["t"], [.integers("perm", [0, 2, 1, 3, 4])])
    model.node("Reshape", ["t", "b"], ["u"])
    model.node("MaxPool", ["u"], ["p"], [.integers("kernel_shape", [1, 1])])
    model.node("Conv", ["p", "w"], ["y"])
    let network = try imported(model)
    #expect(count("Transpose", in: network) == 0)
    let input = counting([1, 6, 2, 2])
    let shuffled = [0, 3, 1, 4, 2, 5]
    var expected = [Float](repeating: 0, count: 4)
    for pixel in 0..<4 {
      for (weight, channel) in shuffled.enumerated() {
        expected[pixel] += Float(weight + 1) * input.values[channel * 4 + pixel]
      }
    }
    expectNear(try outputs(network, input)[0], Tensor(shape: [1, 1, 2, 2], values: expected))
  }

  @Test func squeezeAndExciteBroadcasts() throws {
    var model = ModelSpecification(input: [1, 2, 3, 4])
    model.initializers = [.integers("axes", [2, 3])]
    model.node("ReduceMean", ["x"], ["m"], [.integers("axes", [2, 3]), .integer("keepdims", 0)])
    model.node("HardSigmoid", ["m"], ["h"])
    model.node("Unsqueeze", ["h", "axes"], ["u"])
    model.node("Mul", ["u", "x"], ["y"])
    let network = try imported(model)
    #expect(count("Transpose", in: network) == 0)
    let input = counting([1, 2, 3, 4])
    let result = try outputs(network, input)[0]
    var expected = input
    for channel in 0..<2 {
      let range = channel * 12..<channel * 12 + 12
      let gate = max(0, min(1, 0.2 * input.values[range].reduce(0, +) / 12 + 0.5))
      for index in range { expected.values[index] *= gate }
    }
    expectNear(result, expected)
  }
}
