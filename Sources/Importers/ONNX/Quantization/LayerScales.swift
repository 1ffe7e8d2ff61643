import Graph

/// What the file says of the integers that a layer's weights and bias are.
struct LayerScales {
  /// One for each output channel.
  var weights: [Float]
  /// int32 biases and their scales, one each; nil for float biases and none.
  var biases: (steps: [Int], scales: [Float])?
}

extension Translator {
  /// Remembers the scales of a layer's constants, so that its integers can be found again.
  /// - Parameters:
  ///   - axis: that of the output channels in the file's weights.
  ///   - constants: weights and bias in the graph.
  ///   - arrange: from output channels of the file to those of the graph's layer.
  mutating func keepScales(
    of weights: Constant, axis: Int, bias: Constant?, as constants: [ValueID],
    _ arrange: ([Float]) -> [Float] = { $0 }
  ) {
    guard let scales = weights.scales?.expanded(over: axis, count: weights.shape[axis]) else { return }
    let arranged = arrange(scales)
    var kept = LayerScales(weights: arranged)
    if let bias, let origin = bias.scales, let steps = origin.steps, steps.count == arranged.count {
      kept.biases = (steps, origin.scales.count == 1 ? steps.map { _ in origin.scales[0] } : origin.scales)
    }
    layerScales[constants[0]] = kept
  }
}

extension QuantizedWeights {
  /// The integers of a layer: `weights` in whole steps of `scales`, and biases in steps of input scale × weight scale.
  ///
  /// Weights that are not whole steps of −127…127 (unsigned ones far from their zero point) are rounded anew, channel by
  /// channel; `rounded` tells how many channels were.
  /// - Throws: `GraphError` when so many weights meet in one output that int32 cannot hold their sum.
  init(
    _ weights: Tensor, order: WeightOrder, bias: Tensor, _ kept: LayerScales, input: Quantization, rounded: inout Int,
    notes: inout [String]
  ) throws(GraphError) {
    let channels = bias.count
    let taps = weights.count / max(1, channels)
    self.init(
      values: [Int8](repeating: 0, count: weights.count), scales: kept.weights,
      biases: [Int64](repeating: 0, count: channels), roundsFactorsStepwise: true)
    let (channelStep, tapStep) = order == .channelFirst ? (taps, 1) : (1, channels)
    for channel in 0..<channels {
      let places = (0..<taps).map { channel * channelStep + $0 * tapStep }
      let own = places.map { weights.values[$0] }
      var steps = Self.wholeSteps(own, of: scales[channel])
      if steps == nil {
        let single = try QuantizedWeights(
          rounding: own, order: .channelFirst, biases: [bias.values[channel]], input: input, notes: &notes)
        rounded += 1
        steps = single.values
        scales[channel] = single.scales[0]
        biases[channel] = single.biases[0]
      } else {
        biases[channel] = Int64(
          Self.bias(
            bias.values[channel], kept.biases.map { ($0.steps[channel], $0.scales[channel]) },
            scale: Double(input.scale) * Double(scales[channel])))
      }
      for (place, step) in zip(places, steps ?? []) { values[place] = step }
    }
  }

  /// Each of `values` ÷ `scale`, when all are whole numbers of −127…127.
  private static func wholeSteps(_ values: [Float], of scale: Float) -> [Int8]? {
    guard scale > 0 else { return nil }
    var steps: [Int8] = []
    for value in values {
      let step = (value / scale).rounded()
      guard abs(step) <= 127, step * scale == value else { return nil }
      steps.append(Int8(step))
    }
    return steps
  }

  /// The file's own integer where its scale is the layer's, else the nearest.
  private static func bias(_ real: Float, _ stored: (step: Int, scale: Float)?, scale: Double) -> Int32 {
    if let stored, abs(Double(stored.scale) / scale - 1) < 1e-5 { return Int32(clamping: stored.step) }
    let exact = stored.map { Double($0.step) * Double($0.scale) } ?? Double(real)
    let steps = (exact / scale).rounded(.toNearestOrEven)
    return steps.isNaN ? 0 : Int32(max(-2_147_483_648, min(2_147_483_647, steps)))
  }
}
