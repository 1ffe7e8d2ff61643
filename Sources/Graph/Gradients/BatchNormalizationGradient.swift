extension BatchNormalization: DifferentiableOperator {
  /// With fixed statistics: a multiplication and an addition for each channel. Statistics themselves have no gradient.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    let statistics = BatchStatistics(mean: inputs[3], variance: inputs[4])
    let all = gradients(inputs[0], scale: inputs[1], statistics, gradient, throughStatistics: false, on: workers)
    return [wanted[0] ? all.x : nil, wanted[1] ? all.scale : nil, wanted[2] ? all.shift : nil, nil, nil]
  }

  /// The values normalized by their own statistics, as in training (Ioffe and Szegedy 2015, algorithm 1), and those.
  public func evaluateInTraining(
    _ x: Tensor, scale: Tensor, shift: Tensor, on workers: Workers
  ) -> (output: Tensor, statistics: BatchStatistics) {
    let statistics = BatchStatistics(of: x, on: workers)
    let inputs = [x, scale, shift, statistics.mean, statistics.variance]
    return (evaluate(inputs, on: workers)[0], statistics)
  }

  /// The gradients in training, when the statistics depend on x, too (the same paper, section 3).
  public func gradientsInTraining(
    _ x: Tensor, scale: Tensor, _ statistics: BatchStatistics, _ gradient: Tensor, on workers: Workers
  ) -> (x: Tensor, scale: Tensor, shift: Tensor) {
    gradients(x, scale: scale, statistics, gradient, throughStatistics: true, on: workers)
  }

  /// With x̂ = (x − mean) / √(variance + ε): by the scale Σ g·x̂, by the shift Σ g, by x
  /// scale / √(variance + ε) · (g − [Σ g + x̂ · Σ g·x̂] / pixels), without the bracket for fixed statistics.
  private func gradients(
    _ x: Tensor, scale: Tensor, _ statistics: BatchStatistics, _ gradient: Tensor, throughStatistics: Bool,
    on workers: Workers
  ) -> (x: Tensor, scale: Tensor, shift: Tensor) {
    let channels = scale.count
    let pixels = x.count / channels
    let inverse = statistics.variance.values.map { 1 / ($0 + epsilon).squareRoot() }
    let mean = statistics.mean.values
    let sums = x.withPointer { x in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (x, gradient) = (x, gradient)
        return sumOfParts(pixels, count: 2 * channels, on: workers) { sum, range in
          mean.withUnsafeBufferPointer { mean in
            for pixel in range {
              let (line, from) = (x + pixel * channels, gradient + pixel * channels)
              for channel in 0..<channels {
                sum[channel] += from[channel]
                sum[channels + channel] += from[channel] * (line[channel] - mean[channel])
              }
            }
          }
        }
      }
    }
    let byShift = Array(sums[..<channels])
    let byScale = (0..<channels).map { sums[channels + $0] * inverse[$0] }
    // By x: g · a + x · b + c, channel by channel.
    var (a, b, c): ([Float], [Float], [Float]) = ([], [], [])
    for channel in 0..<channels {
      let factor = scale.values[channel] * inverse[channel]
      let slope = throughStatistics ? -factor * inverse[channel] * byScale[channel] / Float(pixels) : 0
      a.append(factor)
      b.append(slope)
      c.append(throughStatistics ? -factor * byShift[channel] / Float(pixels) - slope * mean[channel] : 0)
    }
    let byX = linearCombination(x, gradient, a, b, c, on: workers)
    return (
      byX, Tensor(shape: [channels], values: byScale), Tensor(shape: [channels], values: byShift)
    )
  }

  private func linearCombination(
    _ x: Tensor, _ gradient: Tensor, _ a: [Float], _ b: [Float], _ c: [Float], on workers: Workers
  ) -> Tensor {
    let (channels, count) = (a.count, x.count)
    return workers.tensor(x.shape) { result in
      x.withPointer { x in
        gradient.withPointer { gradient in
          nonisolated(unsafe) let (result, x, gradient) = (result, x, gradient)
          workers.split(count / channels, minimum: max(1, smallestElementwisePart / channels)) { pixels in
            a.withUnsafeBufferPointer { a in
              b.withUnsafeBufferPointer { b in
                c.withUnsafeBufferPointer { c in
                  for pixel in pixels {
                    let place = pixel * channels
                    let (into, line, from) = (result + place, x + place, gradient + place)
                    for channel in 0..<channels {
                      into[channel] = from[channel] * a[channel] + line[channel] * b[channel] + c[channel]
                    }
                  }
                }
              }
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

  /// Of a tensor […,C], in two passes.
  init(of x: Tensor, on workers: Workers) {
    let channels = x.shape.last ?? 1
    let pixels = x.count / channels
    let mean = channelSums(x, on: workers).values.map { $0 / Float(pixels) }
    let squares = x.withPointer { x in
      nonisolated(unsafe) let x = x
      return sumOfParts(pixels, count: channels, on: workers) { sum, range in
        mean.withUnsafeBufferPointer { mean in
          for pixel in range {
            let line = x + pixel * channels
            for channel in 0..<channels {
              let distance = line[channel] - mean[channel]
              sum[channel] += distance * distance
            }
          }
        }
      }
    }
    self.mean = Tensor(shape: [channels], values: mean)
    variance = Tensor(shape: [channels], values: squares.map { $0 / Float(pixels) })
  }
}
