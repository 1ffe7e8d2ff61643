/// A layer with weights, rounded as packing rounds it: the weighted half of `SimulatedOperator`.
struct SimulatedLayer {
  private let owner: SimulatedOperator
  /// What adds up the products.
  private let sums: any Operator
  private let weights: QuantizedWeights
  private let weightShape: [Int]
  /// Places of the weights of a channel: depthwise layers have channels last.
  private let order: WeightOrder

  /// Nil when the operator has no weights, or packing would refuse them.
  init?(_ owner: SimulatedOperator, _ inputs: [Tensor]) {
    self.owner = owner
    guard let input = owner.inputs[0] else { return nil }
    var (floats, bias) = (inputs[0], inputs[0])
    switch owner.inner {
    case var operation as Conv2D:
      operation.hasResidual = false
      (sums, order, floats, bias) = (operation, .channelFirst, inputs[1], inputs[2])
    case let operation as DepthwiseConv2D:
      (sums, order, floats, bias) = (operation, .channelLast, inputs[1], inputs[2])
    case let operation as FullyConnected:
      (sums, order, floats, bias) = (operation, .channelFirst, inputs[1], inputs[2])
    case let operation as BatchNormalization where inputs[0].shape.count == 4:
      let (multipliers, offsets) = operation.multipliersAndOffsets(
        scale: inputs[1], shift: inputs[2], mean: inputs[3], variance: inputs[4])
      (sums, order) = (DepthwiseConv2D(), .channelLast)
      floats = Tensor(shape: [1, 1, multipliers.count], values: multipliers)
      bias = Tensor(shape: [offsets.count], values: offsets)
    default: return nil
    }
    var notes: [String] = []
    guard
      let weights = try? QuantizedWeights(
        rounding: floats.values, order: order, biases: bias.values, input: input, notes: &notes)
    else { return nil }
    (self.weights, weightShape) = (weights, floats.shape)
  }

  /// The int8 weights that packing must give.
  var quantizedWeights: QuantizedWeights { weights }

  /// Real values of the int8 results.
  func evaluate(_ inputs: [Tensor], on workers: Workers) -> Tensor {
    let whole = Tensor(shape: weightShape, values: weights.values.map { Float($0) })
    let bias = Tensor(shape: [weights.biases.count], values: weights.biases.map { Float($0) })
    var result = sums.evaluate([owner.steps(inputs, 0, on: workers), whole, bias], on: workers)[0]
    let output = Double(owner.output.scale)
    let factors = weights.scales.map { Float(owner.scale(0) * Double($0) / output) }
    guard let operation = owner.inner as? Conv2D, operation.hasResidual else {
      finish(&result, factors, residual: nil, 0, on: workers)
      return result
    }
    let residual = owner.steps(inputs, 3, on: workers)
    finish(&result, factors, residual: residual, Float(owner.scale(3) / output), on: workers)
    return result
  }

  /// Sums become real values of int8 results: sum · factor (+ residual · its factor), rounded, limited.
  private func finish(
    _ tensor: inout Tensor, _ factors: [Float], residual: Tensor?, _ residualFactor: Float, on workers: Workers
  ) {
    let (low, high) = owner.stepBounds()
    let scale = owner.output.scale
    let channels = factors.count
    let pixels = tensor.count / max(1, channels)
    let added = residual?.values ?? []
    tensor.values.withUnsafeMutableBufferPointer { values in
      nonisolated(unsafe) let values = values
      workers.split(pixels, minimum: max(1, smallestElementwisePart / channels)) { range in
        factors.withUnsafeBufferPointer { factors in
          added.withUnsafeBufferPointer { added in
            for pixel in range {
              let first = pixel * channels
              for channel in 0..<channels {
                var value = values[first + channel] * factors[channel]
                if !added.isEmpty { value += added[first + channel] * residualFactor }
                values[first + channel] = limited(nearest(value), low, high) * scale
              }
            }
          }
        }
      }
    }
  }

  /// The inputs as the packed layer sees them, in real values.
  func operands(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    var result = owner.quantized(inputs, on: workers)
    guard !(owner.inner is BatchNormalization) else { return result }
    let channels = weights.scales.count
    let taps = weights.values.count / max(1, channels)
    let (channelStep, tapStep) = order == .channelFirst ? (taps, 1) : (1, channels)
    for channel in 0..<channels {
      for tap in 0..<taps {
        let place = channel * channelStep + tap * tapStep
        result[1].values[place] = weights.scales[channel] * Float(weights.values[place])
      }
      result[2].values[channel] = Float(
        owner.scale(0) * Double(weights.scales[channel]) * Double(weights.biases[channel]))
    }
    return result
  }
}
