import CShim

extension BatchNormalization: DifferentiableOperator {
  /// With fixed statistics: a multiplication and an addition for each channel. Statistics themselves have no gradient.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    let statistics = BatchStatistics(mean: inputs[3], variance: inputs[4])
    let pass = NormalizationPass(
      self, scale: inputs[1], shift: inputs[2], statistics, clamp: nil, isThroughStatistics: false)
    let all = pass.gradients(inputs[0], gradient, on: workers)
    return [wanted[0] ? all.x : nil, wanted[1] ? all.scale : nil, wanted[2] ? all.shift : nil, nil, nil]
  }

  /// The values normalized by their own statistics, as in training (Ioffe and Szegedy 2015, algorithm 1), clamped, and those.
  public func evaluateInTraining(
    _ x: Tensor, scale: Tensor, shift: Tensor, clamp: ClosedRange<Float>? = nil, on workers: Workers
  ) -> (output: Tensor, statistics: BatchStatistics) {
    let statistics = BatchStatistics(of: x, on: workers)
    let pass = NormalizationPass(self, scale: scale, shift: shift, statistics, clamp: clamp, isThroughStatistics: true)
    return (pass.normalized(x, on: workers), statistics)
  }

  /// The gradients in training, when the statistics depend on x, too (the same paper, section 3). `gradient` is by the clamped
  /// values.
  public func gradientsInTraining(
    _ x: Tensor, scale: Tensor, shift: Tensor, _ statistics: BatchStatistics, clamp: ClosedRange<Float>? = nil,
    _ gradient: Tensor, on workers: Workers
  ) -> (x: Tensor, scale: Tensor, shift: Tensor) {
    NormalizationPass(self, scale: scale, shift: shift, statistics, clamp: clamp, isThroughStatistics: true)
      .gradients(x, gradient, on: workers)
  }
}

/// One batch normalization with known statistics, there and back.
private struct NormalizationPass: @unchecked Sendable {
  private let channels: Int
  private let scale: [Float]
  private let mean: [Float]
  /// 1 / √(variance + ε).
  private let inverse: [Float]
  private let isThroughStatistics: Bool
  /// Multipliers, offsets, means: what `plan` points to.
  private let constants: PackedFloats
  private let plan: martlet_float_normalization

  init(
    _ operation: BatchNormalization, scale: Tensor, shift: Tensor, _ statistics: BatchStatistics,
    clamp: ClosedRange<Float>?, isThroughStatistics: Bool
  ) {
    let channels = scale.count
    let (multipliers, offsets) = operation.multipliersAndOffsets(
      scale: scale, shift: shift, mean: statistics.mean, variance: statistics.variance)
    (self.channels, self.scale, mean) = (channels, scale.values, statistics.mean.values)
    let epsilon = operation.epsilon
    inverse = statistics.variance.values.map { 1 / ($0 + epsilon).squareRoot() }
    self.isThroughStatistics = isThroughStatistics
    let all = multipliers + offsets + statistics.mean.values
    constants = PackedFloats(count: all.count) { $0.update(from: all, count: all.count) }
    let (low, high) = bounds(clamp)
    plan = martlet_float_normalization(
      multipliers: UnsafePointer(constants.base), offsets: UnsafePointer(constants.base + channels),
      mean: UnsafePointer(constants.base + 2 * channels), low: low, high: high, channels: Int32(channels))
  }

  func normalized(_ x: Tensor, on workers: Workers) -> Tensor {
    let pixels = x.count / channels
    return workers.tensor(x.shape) { result in
      x.withPointer { x in
        nonisolated(unsafe) let (result, x) = (result, x)
        workers.split(pixels, minimum: max(1, smallestElementwisePart / channels)) { range in
          let place = range.lowerBound * channels
          withUnsafePointer(to: plan) {
            martlet_float_normalize(FloatKernels.best, $0, x + place, result + place, range.count)
          }
        }
      }
    }
  }

  /// With x̂ = (x − mean) / √(variance + ε), and the gradient g where the clamp lets it through: by the scale Σ g·x̂, by the
  /// shift Σ g, by x scale / √(variance + ε) · (g − [Σ g + x̂ · Σ g·x̂] / pixels), without the bracket for fixed statistics.
  func gradients(_ x: Tensor, _ gradient: Tensor, on workers: Workers) -> (x: Tensor, scale: Tensor, shift: Tensor) {
    let pixels = x.count / channels
    let sums = x.withPointer { x in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (x, gradient) = (x, gradient)
        return workers.sumOfParts(pixels, shape: [2, channels]) { sum, range in
          let place = range.lowerBound * channels
          withUnsafePointer(to: plan) {
            martlet_float_normalization_sums(FloatKernels.best, $0, x + place, gradient + place, range.count, sum)
          }
        }
      }
    }
    let byShift = Array(sums.values[..<channels])
    let byScale = (0..<channels).map { sums.values[channels + $0] * inverse[$0] }
    // By x: g · a + x · b + c, channel by channel.
    var factors = [Float](repeating: 0, count: 3 * channels)
    for channel in 0..<channels {
      let factor = scale[channel] * inverse[channel]
      factors[channel] = factor
      guard isThroughStatistics else { continue }
      let slope = -factor * inverse[channel] * byScale[channel] / Float(pixels)
      factors[channels + channel] = slope
      factors[2 * channels + channel] = -factor * byShift[channel] / Float(pixels) - slope * mean[channel]
    }
    let byX = linearCombination(x, gradient, factors, on: workers)
    return (byX, Tensor(shape: [channels], values: byScale), Tensor(shape: [channels], values: byShift))
  }

  private func linearCombination(
    _ x: Tensor, _ gradient: Tensor, _ factors: [Float], on workers: Workers
  ) -> Tensor {
    let pixels = x.count / channels
    let packed = PackedFloats(count: factors.count) { $0.update(from: factors, count: factors.count) }
    return workers.tensor(x.shape) { result in
      x.withPointer { x in
        gradient.withPointer { gradient in
          nonisolated(unsafe) let (result, x, gradient) = (result, x, gradient)
          workers.split(pixels, minimum: max(1, smallestElementwisePart / channels)) { range in
            let place = range.lowerBound * channels
            withUnsafePointer(to: plan) {
              martlet_float_normalization_gradient(
                FloatKernels.best, $0, x + place, gradient + place, packed.base, result + place, range.count)
            }
          }
        }
      }
    }
  }
}

/// Mean and variance of each channel over a batch's images and pixels.
public struct BatchStatistics: Sendable {
  /// [C].
  public var mean: Tensor
  /// [C]; the mean square distance from the mean, not the unbiased estimate.
  public var variance: Tensor

  init(mean: Tensor, variance: Tensor) { (self.mean, self.variance) = (mean, variance) }

  /// Of a tensor […,C]: of parts of the pixels, put together in order (Chan, Golub and LeVeque 1979), so that the bits do
  /// not depend on the threads.
  init(of x: Tensor, on workers: Workers) {
    let channels = x.shape.last ?? 1
    let pixels = x.count / channels
    let parts = max(1, min(8, pixels))
    let moments = workers.tensor([parts, 4, channels]) { moments in
      x.withPointer { x in
        nonisolated(unsafe) let (moments, x) = (moments, x)
        workers.split(parts) { range in
          for part in range {
            let (first, end) = (pixels * part / parts, pixels * (part + 1) / parts)
            let into = moments + part * 4 * channels
            martlet_float_moments(
              FloatKernels.best, x + first * channels, end - first, Int32(channels), into, into + 2 * channels)
          }
        }
      }
    }
    var mean = [Double](repeating: 0, count: channels)
    var squares = mean
    for part in 0..<parts {
      let first = pixels * part / parts
      let (before, count) = (Double(first), Double(pixels * (part + 1) / parts - first))
      for channel in 0..<channels {
        let place = part * 4 * channels + channel
        let distance = Double(moments.values[place]) - mean[channel]
        mean[channel] += distance * count / (before + count)
        squares[channel] +=
          Double(moments.values[place + channels]) + distance * distance * before * count / (before + count)
      }
    }
    self.mean = Tensor(shape: [channels], values: mean.map { Float($0) })
    variance = Tensor(shape: [channels], values: squares.map { Float($0 / Double(pixels)) })
    workers.buffers.give(moments.values)
  }
}
