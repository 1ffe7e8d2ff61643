import CShim
import Testing

@testable import Graph

/// Runs a lowered layer by the scalar kernels and compares it with the float evaluation of the same network, whose
/// weights and inputs are exactly representable: only the output's rounding may differ.
@Suite struct LoweredArithmeticTests {
  private static let outputRule = Quantization(scale: 0.37, zeroPoint: -11)
  private static let inputRule = Quantization(scale: 0.125, zeroPoint: 23)
  private static let weightScale: Float = 0.0625

  /// Random stored bytes and the tensor that they stand for.
  private static func activation(
    _ random: inout SeededGenerator, _ shape: [Int], _ rule: Quantization
  ) -> (bytes: [UInt8], tensor: Tensor) {
    let bytes = (0..<shape.reduce(1, *)).map { _ in UInt8(random.size(0...255)) }
    return (bytes, Tensor(shape: shape, values: bytes.map { rule.real(Int8(Int($0) - 128)) }))
  }

  /// Weights that are whole steps of `weightScale`, the largest of each channel 127 steps.
  private static func weights(_ random: inout SeededGenerator, _ shape: [Int], channelFirst: Bool) -> Tensor {
    let channels = channelFirst ? shape[0] : shape[shape.count - 1]
    var values = (0..<shape.reduce(1, *)).map { _ in Float(random.size(-126...126)) * weightScale }
    for channel in 0..<channels {
      values[channelFirst ? channel * values.count / channels : channel] = 127 * weightScale
    }
    return Tensor(shape: shape, values: values)
  }

  private static func rows(_ base: UnsafeMutablePointer<UInt8>, _ shape: [Int]) -> martlet_rows {
    martlet_rows(
      base: base, row_pitch_bytes: shape[2] * shape[3], pixel_pitch_bytes: shape[3], rows_held: Int32(shape[1]),
      height: Int32(shape[1]), width: Int32(shape[2]), channels: Int32(shape[3]))
  }

  private static func operand(_ shape: [Int], _ rule: Quantization) -> LoweringContext.Operand {
    LoweringContext.Operand(shape: shape, quantization: rule)
  }

  private static func constant(_ tensor: Tensor) -> LoweringContext.Operand {
    LoweringContext.Operand(shape: tensor.shape, quantization: nil, constant: tensor)
  }

  private static func output(_ record: LoweredOperator, clampAt index: Int) -> martlet_output {
    martlet_output(
      zero_point: outputRule.zeroPoint + 128, low: record.parameters[index] + 128,
      high: record.parameters[index + 1] + 128)
  }

  /// No byte is further from the real value than half a step, as far as the clamp lets it.
  private static func expectRounded(_ bytes: [UInt8], _ real: Tensor) {
    let low = outputRule.real(-128)
    let high = outputRule.real(127)
    var worst: Float = 0
    for (byte, value) in zip(bytes, real.values) {
      worst = max(worst, abs(outputRule.real(Int8(Int(byte) - 128)) - min(high, max(low, value))))
    }
    #expect(worst <= outputRule.scale * 0.5001)
  }

  @Test(arguments: 0..<60) func convolution(seed: Int) throws {
    var random = SeededGenerator(seed)
    let groups = random.size(1...2)
    let depth = random.size(1...9)
    let operation = Conv2D(
      stride: Size2D(random.size(1...2), random.size(1...2)), dilation: Size2D(random.size(1...2), random.size(1...2)),
      padding: Padding2D(top: random.size(0...2), left: random.size(0...2), bottom: 1, right: random.size(0...1)),
      groups: groups, hasResidual: seed % 3 == 0)
    let weights = Self.weights(
      &random, [groups * random.size(1...20), random.size(1...3), random.size(1...3), depth], channelFirst: true)
    let bias = Tensor(
      shape: [weights.shape[0]],
      values: (0..<weights.shape[0]).map { _ in Float(random.size(-900...900)) * 0.125 * Self.weightScale })
    let image = Self.activation(&random, [1, random.size(5...9), random.size(5...9), groups * depth], Self.inputRule)
    var plain = operation
    plain.hasResidual = false
    let shape = try plain.outputShapes([image.tensor.shape, weights.shape, bias.shape])[0]
    let residualRule = Quantization(scale: 0.2, zeroPoint: 5)
    let residual = Self.activation(&random, shape, residualRule)
    let clamp: ClosedRange<Float>? = seed % 2 == 0 ? -3 * Self.outputRule.scale...Float.infinity : nil
    let extra = operation.hasResidual ? [Self.operand(shape, residualRule)] : []
    let context = LoweringContext(
      name: "layer",
      inputs: [Self.operand(image.tensor.shape, Self.inputRule), Self.constant(weights), Self.constant(bias)] + extra,
      output: Self.operand(shape, Self.outputRule), clamp: clamp)
    guard case .step(let record) = try operation.lower(context) else { throw GraphError("an alias") }
    #expect(record.notes.isEmpty)
    let bytes = Self.run(record, image: image, residual: operation.hasResidual ? residual.bytes : nil, shape: shape)
    let inputs = [image.tensor, weights, bias] + (operation.hasResidual ? [residual.tensor] : [])
    let real = operation.evaluate(inputs, prepared: nil, clamp: clamp, on: Workers(count: 1))[0]
    Self.expectRounded(bytes, real)
  }

  private static func run(
    _ record: LoweredOperator, image: (bytes: [UInt8], tensor: Tensor), residual: [UInt8]?, shape: [Int]
  ) -> [UInt8] {
    let parameters = record.parameters
    var image = image
    image.bytes += [UInt8](repeating: 0, count: 64)
    var residual = residual
    var result = [UInt8](repeating: 0, count: shape.reduce(1, *) + 64)
    record.weights.withUnsafeBufferPointer { weights in
      record.channels.withUnsafeBufferPointer { channels in
        var plan = martlet_convolution()
        (plan.weights, plan.channels) = (weights.baseAddress, channels.baseAddress)
        (plan.kernel_height, plan.kernel_width) = (parameters[0], parameters[1])
        (plan.stride_height, plan.stride_width) = (parameters[2], parameters[3])
        (plan.dilation_height, plan.dilation_width) = (parameters[4], parameters[5])
        (plan.pad_top, plan.pad_left, plan.groups) = (parameters[6], parameters[7], parameters[8])
        plan.runs_per_row = parameters[9]
        plan.input_zero_point = inputRule.zeroPoint + 128
        plan.output = output(record, clampAt: 10)
        plan.residual_factor = Float(bitPattern: UInt32(bitPattern: parameters[12]))
        plan.residual_zero_point = 5 + 128
        image.bytes.withUnsafeMutableBufferPointer { bytes in
          result.withUnsafeMutableBufferPointer { result in
            var input = rows(bytes.baseAddress!, image.tensor.shape)
            var into = rows(result.baseAddress!, shape)
            let scratchBytes = martlet_convolution_scratch_bytes(&plan, &input, &into)
            let scratch = UnsafeMutableRawPointer.allocate(byteCount: scratchBytes + 64, alignment: 64)
            defer { scratch.deallocate() }
            let kernels = martlet_kernels_for(MARTLET_FAMILY_SCALAR)
            let end = Int32(shape[1])
            let scratchBase = scratch.bindMemory(to: UInt8.self, capacity: scratchBytes + 64)
            guard residual != nil else {
              return martlet_convolution_rows(kernels, &plan, &input, nil, &into, 0, end, scratchBase)
            }
            residual!.withUnsafeMutableBufferPointer {
              var addend = rows($0.baseAddress!, shape)
              martlet_convolution_rows(kernels, &plan, &input, &addend, &into, 0, end, scratchBase)
            }
          }
        }
      }
    }
    return Array(result.dropLast(64))
  }

  @Test(arguments: 0..<40) func depthwise(seed: Int) throws {
    var random = SeededGenerator(seed)
    let operation = DepthwiseConv2D(
      stride: Size2D(random.size(1...2), random.size(1...2)), dilation: Size2D(1, random.size(1...2)),
      padding: Padding2D(top: random.size(0...1), left: random.size(0...1), bottom: 1, right: 0))
    let weights = Self.weights(
      &random, [random.size(1...6), random.size(1...3), random.size(1...40)], channelFirst: false)
    let channels = weights.shape[2]
    let bias = Tensor(shape: [channels], repeating: 3)
    var image = Self.activation(&random, [1, random.size(6...9), random.size(6...9), channels], Self.inputRule)
    let shape = try operation.outputShapes([image.tensor.shape, weights.shape, bias.shape])[0]
    let context = LoweringContext(
      name: "layer",
      inputs: [Self.operand(image.tensor.shape, Self.inputRule), Self.constant(weights), Self.constant(bias)],
      output: Self.operand(shape, Self.outputRule))
    guard case .step(let record) = try operation.lower(context) else { throw GraphError("an alias") }
    let parameters = record.parameters
    var result = [UInt8](repeating: 0, count: shape.reduce(1, *) + 64)
    image.bytes += [UInt8](repeating: 0, count: 64)
    record.weights.withUnsafeBufferPointer { packed in
      record.channels.withUnsafeBufferPointer { blocks in
        var plan = martlet_depthwise()
        (plan.weights, plan.channels) = (packed.baseAddress, blocks.baseAddress)
        (plan.kernel_height, plan.kernel_width) = (parameters[0], parameters[1])
        (plan.stride_height, plan.stride_width) = (parameters[2], parameters[3])
        (plan.dilation_height, plan.dilation_width) = (parameters[4], parameters[5])
        (plan.pad_top, plan.pad_left) = (parameters[6], parameters[7])
        plan.input_zero_point = Self.inputRule.zeroPoint + 128
        plan.output = Self.output(record, clampAt: 8)
        image.bytes.withUnsafeMutableBufferPointer { bytes in
          result.withUnsafeMutableBufferPointer { result in
            var input = Self.rows(bytes.baseAddress!, image.tensor.shape)
            var into = Self.rows(result.baseAddress!, shape)
            let scratchBytes = martlet_depthwise_scratch_bytes(&plan, &input, &into) + 64
            let scratch = UnsafeMutableRawPointer.allocate(byteCount: scratchBytes, alignment: 64)
            defer { scratch.deallocate() }
            martlet_depthwise_rows(
              martlet_kernels_for(MARTLET_FAMILY_SCALAR), &plan, &input, &into, 0, Int32(shape[1]),
              scratch.bindMemory(to: UInt8.self, capacity: scratchBytes))
          }
        }
      }
    }
    Self.expectRounded(
      Array(result.dropLast(64)), operation.evaluate([image.tensor, weights, bias], on: Workers(count: 1))[0])
  }
}
