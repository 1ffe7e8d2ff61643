import CShim
import Testing

@testable import Graph

/// A record of a node with one activation and constants.
private func lowered(
  _ operation: any Operator, inputs: [LoweringContext.Operand], output: LoweringContext.Operand,
  clamp: ClosedRange<Float>? = nil, weights: QuantizedWeights? = nil
) throws -> LoweredOperator? {
  let context = LoweringContext(
    name: "layer", inputs: inputs, output: output, clamp: clamp, quantizedWeights: weights)
  guard case .step(let step) = try operation.lower(context) else { return nil }
  return step
}

private func operand(_ shape: [Int], _ scale: Float = 0.5, _ zeroPoint: Int32 = 0) -> LoweringContext.Operand {
  LoweringContext.Operand(shape: shape, quantization: Quantization(scale: scale, zeroPoint: zeroPoint))
}

private func constant(_ tensor: Tensor) -> LoweringContext.Operand {
  LoweringContext.Operand(shape: tensor.shape, quantization: nil, constant: tensor)
}

private func float(_ parameter: Int32) -> Float { Float(bitPattern: UInt32(bitPattern: parameter)) }

extension martlet_channel_block {
  fileprivate func constants(_ lane: Int) -> (bias: Int32, factor: Float, weightSum: Int32) {
    var block = self
    return withUnsafeBytes(of: &block) {
      (
        $0.load(fromByteOffset: lane * 4, as: Int32.self), $0.load(fromByteOffset: 64 + lane * 4, as: Float.self),
        $0.load(fromByteOffset: 128 + lane * 4, as: Int32.self)
      )
    }
  }
}

@Suite struct LoweringTests {
  @Test func convolutionRecordHoldsTheContractsConstants() throws {
    let weights = Tensor(shape: [2, 1, 1, 3], values: [127, -127, 1, 254, 2, -4])
    let record = try #require(
      try lowered(
        Conv2D(stride: Size2D(2, 3), padding: Padding2D(top: 4, left: 5, bottom: 0, right: 0)),
        inputs: [operand([1, 9, 9, 3], 0.5, -28), constant(weights), constant(Tensor(shape: [2], values: [10, -6]))],
        output: operand([1, 7, 5, 2], 4, 8), clamp: 0...6))
    #expect(record.code == 1 && record.operands == [0])
    // 0…6 at scale 4 and zero point 8: round(1.5) = 2 steps above.
    #expect(record.parameters == [1, 1, 2, 3, 1, 1, 4, 5, 1, 1, 8, 10, 0])
    let first = record.channels[0].constants(0)
    // Scale 1: bias 10 / 0.5, less the stored zero point 100 times Σw = 1.
    #expect(first.bias == 20 - 100 && first.factor == 0.125 && first.weightSum == 1)
    let second = record.channels[0].constants(1)
    #expect(second.bias == -6 - 100 * 126 && second.factor == 0.25 && second.weightSum == 126)
    let unused = record.channels[0].constants(2)
    #expect(unused.bias == 0 && unused.factor == 0 && unused.weightSum == 0)
    #expect(Array(record.weights[0..<8]) == [127, -127, 1, 0, 127, 1, -2, 0])
    #expect(record.notes.isEmpty)
  }

  @Test func givenWeightsAreUsedAsTheyAre() throws {
    let given = QuantizedWeights(values: [5, -6], scales: [0.25], biases: [77])
    let record = try #require(
      try lowered(
        FullyConnected(),
        inputs: [
          operand([1, 2], 1, -128), constant(Tensor(shape: [1, 2])), constant(Tensor(shape: [1])),
        ], output: operand([1, 1], 0.5, 0), weights: given))
    #expect(record.code == 3 && record.parameters == [-128, 127])
    #expect(Array(record.weights[0..<3]) == [5, -6, 0])
    let constants = record.channels[0].constants(0)
    #expect(constants.bias == 77 && constants.factor == 0.5 && constants.weightSum == -1)
  }

  @Test func severalPositionsBecomeAConvolution() throws {
    let inputs = [operand([1, 5, 3]), constant(Tensor(shape: [2, 3], repeating: 1)), constant(Tensor(shape: [2]))]
    let record = try #require(try lowered(FullyConnected(), inputs: inputs, output: operand([1, 5, 2])))
    #expect(record.code == 1)
    #expect(record.parameters == [1, 1, 1, 1, 1, 1, 0, 0, 1, 1, -128, 127, 0])
  }

  @Test func residualScalesItsOperand() throws {
    let weights = Tensor(shape: [1, 1, 1, 1], values: [1])
    let inputs = [
      operand([1, 2, 2, 1]), constant(weights), constant(Tensor(shape: [1])), operand([1, 2, 2, 1], 3, 7),
    ]
    let record = try #require(try lowered(Conv2D(hasResidual: true), inputs: inputs, output: operand([1, 2, 2, 1], 2)))
    #expect(record.operands == [0, 3])
    #expect(float(record.parameters[12]) == 1.5)
  }

  @Test func batchNormalizationBecomesDepthwise() throws {
    let constants = [[2, -4], [1, 0], [0, 0], [1, 1]].map { constant(Tensor(shape: [2], values: $0)) }
    let record = try #require(
      try lowered(
        BatchNormalization(epsilon: 0), inputs: [operand([1, 4, 4, 2], 1, -128)] + constants,
        output: operand([1, 4, 4, 2], 1, 0)))
    #expect(record.code == 2 && record.parameters == [1, 1, 1, 1, 1, 1, 0, 0, -128, 127])
    #expect(record.weights.count == 64 && record.weights[0] == 127 && record.weights[4] == -127)
    #expect(abs(record.channels[0].constants(1).factor - 4.0 / 127) < 1e-8)
  }

  @Test func elementwiseFactorsAndBroadcasts() throws {
    let add = try #require(
      try lowered(
        Add(), inputs: [operand([1, 4, 4, 2], 1), operand([1, 1, 1, 2], 3)], output: operand([1, 4, 4, 2], 2)))
    #expect(add.code == 6 && add.operands == [0, 1])
    #expect(add.parameters[..<2] == [-128, 127] && add.parameters[2...].map(float) == [0.5, 1.5])
    let multiply = try #require(
      try lowered(
        Multiply(), inputs: [operand([1, 4, 4, 2], 1), operand([1, 4, 4, 1], 3)], output: operand([1, 4, 4, 2], 2)))
    #expect(multiply.code == 7 && float(multiply.parameters[2]) == 1.5)
    #expect(throws: GraphError.self) {
      try lowered(Add(), inputs: [operand([1, 4, 4, 2]), operand([1, 4, 1, 2])], output: operand([1, 4, 4, 2]))
    }
    #expect(throws: GraphError.self) {
      try lowered(Add(), inputs: [operand([1, 2]), constant(Tensor(shape: [1, 2]))], output: operand([1, 2]))
    }
  }

  @Test func poolingParameters() throws {
    let average = AveragePool2D(
      window: Size2D(2, 3), stride: Size2D(1, 2), padding: Padding2D(top: 1, left: 2, bottom: 0, right: 1),
      countsPadding: true)
    let record = try #require(
      try lowered(average, inputs: [operand([1, 8, 8, 2], 1)], output: operand([1, 8, 4, 2], 0.5)))
    #expect(record.code == 5 && record.parameters[..<11] == [2, 3, 1, 2, 1, 1, 1, 2, 0, 1, 1])
    #expect(float(record.parameters[11]) == 2 && record.parameters[12...] == [-128, 127])
    let padding = Padding2D(top: 2, left: 0, bottom: 0, right: 0)
    #expect(throws: GraphError.self) {
      try lowered(
        MaxPool2D(window: Size2D(2, 2), padding: padding), inputs: [operand([1, 8, 8, 2])],
        output: operand([1, 9, 7, 2]))
    }
    #expect(throws: GraphError.self) {
      try lowered(MaxPool2D(window: .one), inputs: [operand([1, 8, 8, 2])], output: operand([1, 8, 8, 2], 0.25))
    }
  }

  @Test func factorsBeyondTheAccumulatorAreLimitedAndNoted() throws {
    let inputs = [
      operand([1, 4], 1), constant(Tensor(shape: [1, 4], repeating: 1)), constant(Tensor(shape: [1])),
    ]
    let record = try #require(try lowered(FullyConnected(), inputs: inputs, output: operand([1, 1], 1e-30)))
    let constants = record.channels[0].constants(0)
    let magnitude = Double(abs(constants.bias)) + 255 * 128 * 4
    #expect(magnitude * Double(constants.factor) < 0x1p31 - 0x1p15)
    #expect(record.notes.count == 1)
  }

  @Test func missingQuantizationIsAnError() {
    let uncalibrated = LoweringContext.Operand(shape: [1, 4], quantization: nil)
    #expect(throws: GraphError.self) {
      try lowered(Activation(.relu), inputs: [uncalibrated], output: operand([1, 4]))
    }
    #expect(throws: GraphError.self) {
      try lowered(Activation(.relu), inputs: [operand([1, 4])], output: uncalibrated)
    }
    #expect(throws: GraphError.self) {
      try lowered(Activation(.relu), inputs: [operand([2, 4])], output: operand([2, 4]))
    }
  }
}
