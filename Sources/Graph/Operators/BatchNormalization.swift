import CShim

/// A multiplication and an addition for each channel (the last axis), from the statistics of training:
/// (x − mean) / √(variance + epsilon) · scale + shift.
///
/// Inputs: x […,C], scale [C], shift [C], mean [C], variance [C]. A plain per-channel multiply-add has mean 0,
/// variance 1 and epsilon 0.
public struct BatchNormalization: PreparedOperator, InPlaceOperator {
  /// "BatchNormalization".
  public static var kind: String { "BatchNormalization" }
  /// Added to the variance.
  public var epsilon: Float

  /// A normalization with this epsilon.
  public init(epsilon: Float) { self.epsilon = epsilon }

  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// Calibrated.
  public var int16OutputQuantization: OutputQuantization? { .calibrated }

  /// x's shape.
  /// - Throws: `GraphError` when a constant does not have one value a channel.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x", "scale", "shift", "mean", "variance")
    guard let channels = inputs[0].last else { throw GraphError("a scalar has no channels to normalize") }
    for (shape, name) in zip(inputs.dropFirst(), ["scale", "shift", "mean", "variance"]) {
      try expectShape(shape, [channels], "the \(name)")
    }
    return [inputs[0]]
  }

  /// One a element.
  public func macs(inputs: [[Int]], output: [Int]) -> Int { output.reduce(1, *) }

  /// What each channel is multiplied by, and what is added then; computed in double precision.
  ///
  /// A channel whose variance + epsilon is not a positive finite number was constant in training and normalizes to
  /// its shift alone: its factor is 0.
  public func multipliersAndOffsets(
    scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor
  ) -> (multipliers: [Float], offsets: [Float]) {
    var (multipliers, offsets): ([Float], [Float]) = ([], [])
    for channel in 0..<scale.count {
      let spread = Double(variance.values[channel]) + Double(epsilon)
      let multiplier = Double(scale.values[channel]) / spread.squareRoot()
      let offset = Double(shift.values[channel]) - Double(mean.values[channel]) * multiplier
      let usable = spread > 0 && spread.isFinite && Float(multiplier).isFinite && Float(offset).isFinite
      multipliers.append(usable ? Float(multiplier) : 0)
      offsets.append(usable ? Float(offset) : shift.values[channel])
    }
    return (multipliers, offsets)
  }

  /// The normalized values.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    evaluate(inputs, prepared: nil, clamp: nil, on: workers)
  }

  /// Multipliers, then offsets.
  func prepare(_ inputs: [Tensor?]) -> PackedFloats? {
    guard let scale = inputs[1], let shift = inputs[2], let mean = inputs[3], let variance = inputs[4] else {
      return nil
    }
    let (multipliers, offsets) = multipliersAndOffsets(scale: scale, shift: shift, mean: mean, variance: variance)
    let channels = multipliers.count
    return PackedFloats(count: 2 * channels) { packed in
      for channel in 0..<channels {
        packed[channel] = multipliers[channel]
        packed[channels + channel] = offsets[channel]
      }
    }
  }

  func evaluate(
    _ inputs: [Tensor], prepared: PackedFloats?, clamp: ClosedRange<Float>?, on workers: Workers
  ) -> [Tensor] {
    guard let constants = prepared ?? prepare(inputs) else { return [] }
    let channels = constants.count / 2
    let (low, high) = bounds(clamp)
    let result = workers.tensor(inputs[0].shape) { result in
      inputs[0].withPointer { x in
        nonisolated(unsafe) let (result, x) = (result, x)
        workers.split(inputs[0].count / channels, minimum: max(1, smallestElementwisePart / channels)) { pixels in
          let (place, count) = (pixels.lowerBound * channels, pixels.count * channels)
          martlet_float_affine(
            result + place, x + place, constants.base, constants.base + channels, pixels.count, channels)
          if clamp != nil { martlet_float_clamp(result + place, result + place, low, high, count) }
        }
      }
    }
    return [result]
  }

  func evaluateInPlace(_ x: inout Tensor, prepared: PackedFloats?, on workers: Workers) {
    guard let prepared else { preconditionFailure("statistics are constants") }
    let channels = prepared.count / 2
    x.forEachPart(on: workers, unit: channels) { part, count in
      martlet_float_affine(part, part, prepared.base, prepared.base + channels, count / channels, channels)
    }
  }

  /// A record of the runtime's DepthwiseConv2D with a 1×1 kernel.
  /// - Throws: `GraphError` when a statistic is not constant or a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    let (multipliers, offsets) = multipliersAndOffsets(
      scale: try node.constant(1, "scale"), shift: try node.constant(2, "shift"), mean: try node.constant(3, "mean"),
      variance: try node.constant(4, "variance"))
    let channels = multipliers.count
    var record = try node.depthwiseRecord(
      weights: Tensor(shape: [1, 1, channels], values: multipliers), bias: Tensor(shape: [channels], values: offsets),
      packing: DepthwisePacking(channels: channels, kernel: .one))
    let (low, high) = try node.anyClampBounds()
    record.parameters = [1, 1, 1, 1, 1, 1, 0, 0, low, high]
    return .step(record)
  }
}
