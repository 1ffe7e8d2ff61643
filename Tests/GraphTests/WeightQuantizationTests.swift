import Testing

@testable import Graph

@Suite struct WeightQuantizationTests {
  private let input = Quantization(scale: 0.02, zeroPoint: -3)

  private func quantized(
    _ weights: [Float], biases: [Float], order: WeightOrder = .channelFirst, input: Quantization? = nil
  ) throws -> (weights: QuantizedWeights, notes: [String]) {
    var notes: [String] = []
    let weights = try QuantizedWeights(
      rounding: weights, order: order, biases: biases, input: input ?? self.input, notes: &notes)
    return (weights, notes)
  }

  @Test func roundsToTheNearestStep() throws {
    let (result, notes) = try quantized([1.27, -0.633, 0.004, 0, 2, -2], biases: [1, -0.5])
    #expect(result.values == [127, -63, 0, 0, 127, -127])
    #expect(result.scales == [Float(1.27) / 127, Float(2) / 127])
    #expect(result.biases == [5000, -1588])
    #expect(notes.isEmpty)
  }

  @Test func channelsMayBeLast() throws {
    let first = try quantized([1, 2, 3, 10, 20, 30], biases: [0, 0])
    let last = try quantized([1, 10, 2, 20, 3, 30], biases: [0, 0], order: .channelLast)
    #expect(first.weights.scales == last.weights.scales)
    #expect(last.weights.values == [42, 42, 85, 85, 127, 127])
  }

  /// Whatever the weights are, scales are positive and finite, weights in range, and other channels untouched.
  @Test(
    arguments: [
      [0, 0, 0], [1e-40, -1e-42, 0], [.infinity, 1, -1], [.nan, 0.5, 1], [.infinity, .nan, -.infinity],
      [3e38, -3e38, 1], [1e-38, 0, 0],
    ] as [[Float]], [0, 1, -1e30, 1e-30, .infinity, .nan] as [Float])
  func strangeChannelsDoNotPoison(weights: [Float], bias: Float) throws {
    let (result, _) = try quantized(weights + [0.5, 1, -1], biases: [bias, 0.25])
    #expect(result.scales.allSatisfy { $0 > 0 && $0.isFinite })
    #expect(result.values.allSatisfy { $0 >= -127 })
    #expect(result.biases.allSatisfy { abs(Int64($0)) <= AccumulatorLimits.largest })
    #expect(Array(result.values[3...]) == [64, 127, -127])
    #expect(result.scales[1] == Float(1) / 127)
  }

  /// A channel of zeros still gives its bias, to one part in a million.
  @Test(arguments: [0.75, -1e-20, 1e20] as [Float]) func channelsOfZerosKeepTheirBias(bias: Float) throws {
    let (result, notes) = try quantized([0, 0], biases: [bias])
    let real = Double(result.biases[0]) * Double(input.scale) * Double(result.scales[0])
    #expect(abs(real / Double(bias) - 1) < 2e-6)
    #expect(notes.isEmpty)
  }

  /// A bias far above its weights raises the scale until it fits, and says so.
  @Test func largeBiasesRaiseTheScale() throws {
    let (result, notes) = try quantized([1e-6, -1e-6, 1e-6], biases: [1e6])
    let real = Double(result.biases[0]) * Double(input.scale) * Double(result.scales[0])
    #expect(abs(real / 1e6 - 1) < 1e-6)
    #expect(abs(Int64(result.biases[0])) + 2 * AccumulatorLimits.products(taps: 3) <= AccumulatorLimits.largest)
    #expect(notes.count == 1)
  }

  @Test func sumsThatInt32CannotHoldAreRefused() {
    #expect(throws: GraphError.self) { try quantized([Float](repeating: 1, count: 70000), biases: [0]) }
  }
}
