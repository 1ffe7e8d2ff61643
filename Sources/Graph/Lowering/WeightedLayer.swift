import CShim

/// A layer with weights on its way into the packed file: what dense and depthwise convolutions have in common.
struct WeightedLayer {
  let context: LoweringContext
  let weights: QuantizedWeights
  let input: Quantization
  let output: Quantization
  private(set) var notes: [String] = []

  /// The given quantized weights of the context, or its float ones rounded.
  init(
    _ context: LoweringContext, weights: Tensor, bias: Tensor, order: WeightOrder
  ) throws(GraphError) {
    self.context = context
    input = try context.weightedInput()
    output = try context.anyOutputRule()
    if let given = context.quantizedWeights {
      guard given.values.count == weights.count, given.scales.count == bias.count, given.biases.count == bias.count
      else {
        throw GraphError("\(context.name): its int8 weights, scales or biases do not have the sizes of its float ones")
      }
      guard given.scales.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
        throw GraphError("\(context.name): a scale of its int8 weights is negative or not finite")
      }
      guard context.weightBits == .eight || given.values.allSatisfy({ (-8...7).contains($0) }) else {
        throw GraphError("\(context.name): not all of its quantized weights fit into four bits")
      }
      self.weights = given
    } else {
      do throws(GraphError) {
        self.weights = try QuantizedWeights(
          rounding: weights.values, order: order, biases: bias.values, input: input, bits: context.weightBits,
          notes: &notes)
      } catch {
        throw GraphError("\(context.name): \(error.description)")
      }
      notes = notes.map { "\(context.name), \($0)" }
    }
  }

  /// The constants of every output channel. `place` says where a channel lies, `sum` adds up its weights.
  mutating func channelBlocks(
    count: Int, taps: Int, spare: Double = 0, place: (Int) -> (block: Int, lane: Int), sum: (Int) -> Int64
  ) -> [martlet_channel_block] {
    var blocks = ChannelBlocks(count: count)
    for channel in weights.biases.indices {
      let (block, lane) = place(channel)
      if input.element == .int16 {
        blocks.setInt16(
          "\(context.name), output channel \(channel)", block: block, lane: lane, bias: weights.biases[channel],
          factor: int16Factor(channel), taps: taps)
        continue
      }
      blocks.set(
        "\(context.name), output channel \(channel)", block: block, lane: lane, bias: weights.biases[channel],
        factor: factor(channel), weightSum: sum(channel),
        storedZeroPoint: Int64(input.zeroPoint) + 128, taps: taps, spare: spare)
    }
    notes += blocks.notes
    return blocks.blocks
  }

  /// As `factor`; of an imported network with the fifteen bits that TensorFlow Lite gives factors of 64-bit sums.
  private func int16Factor(_ channel: Int) -> Double {
    let scale = weights.scales[channel]
    let exact = Double(input.scale) * Double(scale) / Double(output.scale)
    guard weights.roundsFactorsStepwise, exact > 0, exact.isFinite else { return exact }
    let fraction = Int64((exact.significand * 0x1p30).rounded(.toNearestOrAwayFromZero))
    let bits = fraction < 0x7FFF_0000 ? (fraction + 1 << 15) >> 16 : fraction == 1 << 31 ? 1 << 15 : 0x7FFF
    return Double(sign: .plus, exponent: Int(exact.exponent) - 14, significand: Double(bits))
  }

  private func factor(_ channel: Int) -> Double {
    let scale = weights.scales[channel]
    if weights.roundsFactorsStepwise { return Double(input.scale * scale / output.scale) }
    return Double(input.scale) * Double(scale) / Double(output.scale)
  }
}

extension LoweringContext {
  /// A dense convolution's record without parameters: packed weights and channel constants.
  func denseRecord(
    code: UInt32, weights: Tensor, bias: Tensor, packing: DensePacking, residualFactor: Double = 0
  ) throws(GraphError) -> LoweredOperator {
    var layer = try WeightedLayer(self, weights: weights, bias: bias, order: .channelFirst)
    let values = layer.weights.values
    let taps = packing.runs * packing.runBytes
    var record = LoweredOperator(code: code, operands: [0])
    record.channels = layer.channelBlocks(
      count: packing.blocks, taps: taps, spare: 255 * residualFactor, place: packing.place(ofOutput:)
    ) { channel in values[channel * taps..<(channel + 1) * taps].reduce(0) { $0 + Int64($1) } }
    record.weights = packing.pack(values)
    if weightBits == .four { record.weights = packedInHalves(record.weights) }
    record.notes = layer.notes
    return record
  }

  /// - Throws: `GraphError` when weights of four bits meet int16 tensors.
  func expectEightBitWeights() throws(GraphError) {
    guard weightBits == .eight else {
      throw GraphError("\(name): weights of four bits have no form for int16 tensors; choose one of the two")
    }
  }

  /// A depthwise convolution's record without parameters: packed weights and channel constants.
  func depthwiseRecord(weights: Tensor, bias: Tensor, packing: DepthwisePacking) throws(GraphError) -> LoweredOperator {
    var layer = try WeightedLayer(self, weights: weights, bias: bias, order: .channelLast)
    let values = layer.weights.values
    let taps = packing.kernel.height * packing.kernel.width
    var record = LoweredOperator(code: isInt16 ? 41 : 2, operands: [0])
    record.channels = layer.channelBlocks(count: packing.blocks, taps: taps, place: { ($0 / 16, $0 % 16) }) { channel in
      (0..<taps).reduce(0) { $0 + Int64(values[$1 * packing.channels + channel]) }
    }
    record.weights = packing.pack(values)
    record.notes = layer.notes
    return record
  }
}
