import Foundation
import Testing

@testable import Graph

@Suite struct ElementwiseTests {
  @Test(arguments: [
    ([2, 3, 4, 5], [2, 3, 4, 5]), ([1, 9, 7, 6], [1, 1, 1, 6]), ([1, 9, 7, 6], [1, 9, 7, 1]),
    ([1, 1, 1, 3], [1, 4, 4, 3]),
    ([5], [2, 3, 5]), ([1], [4, 4]), ([3, 1, 2], [1, 5, 1]), ([1, 120, 130, 3], [1, 120, 130, 3]),
  ]) func broadcastingFollowsNumpy(shapes: ([Int], [Int])) throws {
    var random = SeededGenerator(shapes.0.count)
    let (a, b) = (random.tensor(shapes.0), random.tensor(shapes.1))
    let output = try Add().outputShapes([a.shape, b.shape])[0]
    func element(_ tensor: Tensor, _ place: [Int]) -> Float {
      let own = place.suffix(tensor.shape.count)
      return tensor[zip(own, tensor.shape).map { $1 == 1 ? 0 : $0 }]
    }
    let sum = Tensor(shape: output) { element(a, $0) + element(b, $0) }
    let product = Tensor(shape: output) { element(a, $0) * element(b, $0) }
    for threads in [1, 3] {
      #expect(Add().evaluate([a, b], on: Workers(count: threads))[0] == sum)
      #expect(Multiply().evaluate([a, b], on: Workers(count: threads))[0] == product)
    }
    let clamped = Add().evaluate([a, b], prepared: nil, clamp: 0...0.5, on: Workers(count: 1))[0]
    #expect(clamped.values == sum.values.map { min(0.5, max(0, $0)) })
  }

  @Test func shapesThatCannotBeBroadcastAreRefused() {
    #expect(throws: GraphError.self) { try Add().outputShapes([[1, 2, 3], [1, 2, 4]]) }
    #expect(throws: GraphError.self) { try Multiply().outputShapes([[1, 2, 3]]) }
  }

  @Test(arguments: [
    (Activation.Function.relu, [0, 0, 2] as [Float]), (.clip(low: -0.5, high: 1), [-0.5, 0, 1]),
    (.leakyRelu(slope: 0.25), [-0.25, 0, 2]), (.sigmoid, [0.26894143, 0.5, 0.880797]),
    (.hardSigmoid(alpha: 0.25, beta: 0.5), [0.25, 0.5, 1]), (.hardSwish, [-0.33333334, 0, 1.6666666]),
    (.tanh, [-0.7615942, 0, 0.9640276]), (.swish, [-0.26894143, 0, 1.761594]),
  ]) func activations(function: Activation.Function, expected: [Float]) {
    let actual = Activation(function).evaluate([Tensor(shape: [3], values: [-1, 0, 2])], on: Workers(count: 1))[0]
    for (a, b) in zip(actual.values, expected) { #expect(abs(a - b) < 1e-6) }
  }

  @Test func batchNormalizationEqualsDefinition() {
    var random = SeededGenerator(5)
    let x = random.tensor([2, 5, 7, 19])
    let constants = [
      random.tensor([19]), random.tensor([19]), random.tensor([19]), random.tensor([19], in: 0.1...2),
    ]
    let actual = BatchNormalization(epsilon: 1e-3).evaluate([x] + constants, on: Workers(count: 2))[0]
    let expected = Tensor(shape: x.shape) { place in
      let channel = place[3]
      return (x[place] - constants[2].values[channel]) / (constants[3].values[channel] + 1e-3).squareRoot()
        * constants[0].values[channel] + constants[1].values[channel]
    }
    #expect(relativeError(actual, expected) < 1e-5)
  }

  /// Channels whose statistics give no usable factor normalize to their shift.
  @Test func deadChannelsGiveTheirShift() {
    let variance: [Float] = [0, -1, .infinity, .nan, 4]
    let result = BatchNormalization(epsilon: 0).evaluate(
      [
        Tensor(shape: [1, 5], repeating: 3), Tensor(shape: [5], repeating: 2), Tensor(shape: [5], repeating: 0.5),
        Tensor(shape: [5], repeating: 1), Tensor(shape: [5], values: variance),
      ], on: Workers(count: 1))[0]
    #expect(result.values == [0.5, 0.5, 0.5, 0.5, 2.5])
  }

  @Test func softmaxSumsToOneAndNeverOverflows() {
    let x = Tensor(shape: [2, 3], values: [1000, 1000, 0, 1, 2, 3])
    let result = Softmax().evaluate([x], on: Workers(count: 1))[0]
    #expect(Array(result.values[0..<3]) == [0.5, 0.5, 0])
    for (index, expected) in [Float(0.09003057), 0.24472848, 0.66524094].enumerated() {
      #expect(abs(result.values[3 + index] - expected) < 1e-6)
    }
  }
}
