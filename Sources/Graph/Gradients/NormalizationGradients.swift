extension GroupNormalization: DifferentiableOperator {
  /// With x̂ = (x − mean) / √(variance + ε) of each group: by the scale Σ g·x̂, by the shift Σ g, by x
  /// (h − [Σ h + x̂ · Σ h·x̂] / values) / √(variance + ε) with h = g · scale (Ba et al. 2016; Wu and He 2018).
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    let (x, channels) = (inputs[0], inputs[1].count)
    let pixels = extent == .pixel ? 1 : x.shape[1...].dropLast().reduce(1, *)
    let walk = GroupWalk(pixels: pixels, channels: channels, size: channels / groups, epsilon: Double(epsilon))
    let scale = inputs[1].values
    let byX = workers.tensor(x.shape) { result in
      x.withPointer { x in
        gradient.withPointer { gradient in
          nonisolated(unsafe) let (result, x, gradient) = (result, x, gradient)
          workers.split(inputs[0].count / (pixels * walk.size)) { groups in
            for group in groups { walk.byInput(group, x, gradient, scale, into: result) }
          }
        }
      }
    }
    let images = x.count / (pixels * channels)
    let sums = x.withPointer { x in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (x, gradient) = (x, gradient)
        return workers.sumOfParts(images, shape: [2, channels]) { sum, images in
          for image in images {
            for group in 0..<channels / walk.size {
              walk.addSums(image * (channels / walk.size) + group, x, gradient, to: sum)
            }
          }
        }
      }
    }
    let byScale = Tensor(shape: [channels], values: Array(sums.values[..<channels]))
    let byShift = Tensor(shape: [channels], values: Array(sums.values[channels...]))
    return [wanted[0] ? byX : nil, wanted[1] ? byScale : nil, wanted[2] ? byShift : nil]
  }
}

/// The groups of a normalization, counted over all images.
private struct GroupWalk: Sendable {
  let pixels: Int
  let channels: Int
  /// Channels of a group.
  let size: Int
  let epsilon: Double

  private func forEach(_ group: Int, _ body: (Int, Int) -> Void) {
    let (image, place) = group.quotientAndRemainder(dividingBy: channels / size)
    let first = image * pixels * channels + place * size
    for pixel in 0..<pixels {
      for index in 0..<size { body(first + pixel * channels + index, place * size + index) }
    }
  }

  private func statistics(_ group: Int, _ x: UnsafePointer<Float>) -> (mean: Double, inverse: Double) {
    let count = Double(pixels * size)
    var (sum, squares) = (0.0, 0.0)
    forEach(group) { place, _ in sum += Double(x[place]) }
    let mean = sum / count
    forEach(group) { place, _ in squares += (Double(x[place]) - mean) * (Double(x[place]) - mean) }
    return (mean, 1 / (squares / count + epsilon).squareRoot())
  }

  func byInput(
    _ group: Int, _ x: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, _ scale: [Float],
    into result: UnsafeMutablePointer<Float>
  ) {
    let (mean, inverse) = statistics(group, x)
    var (plain, weighted) = (0.0, 0.0)
    forEach(group) { place, channel in
      let slope = Double(gradient[place]) * Double(scale[channel])
      plain += slope
      weighted += slope * (Double(x[place]) - mean) * inverse
    }
    let count = Double(pixels * size)
    forEach(group) { place, channel in
      let normalized = (Double(x[place]) - mean) * inverse
      let slope = Double(gradient[place]) * Double(scale[channel])
      result[place] = Float((slope - (plain + normalized * weighted) / count) * inverse)
    }
  }

  /// The gradients by the scale, then by the shift.
  func addSums(
    _ group: Int, _ x: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Float>
  ) {
    let (mean, inverse) = statistics(group, x)
    forEach(group) { place, channel in
      sum[channel] += gradient[place] * Float((Double(x[place]) - mean) * inverse)
      sum[channels + channel] += gradient[place]
    }
  }
}

extension LpNormalization: DifferentiableOperator {
  /// (g − y · Σ g·y) / norm, with order 1 (g − sign(x) · Σ g·y) / norm; 0 for a line of zeros.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    let order = order
    return [
      mapRowPairs(inputs[0], gradient, on: workers) { result, x, gradient, count in
        var (sum, product) = (0.0, 0.0)
        for index in 0..<count {
          sum += order == 2 ? Double(x[index]) * Double(x[index]) : abs(Double(x[index]))
          product += Double(x[index]) * Double(gradient[index])
        }
        let norm = order == 2 ? sum.squareRoot() : sum
        for index in 0..<count {
          let direction = order == 2 ? Double(x[index]) / norm : x[index] > 0 ? 1 : x[index] < 0 ? -1 : 0
          result[index] = norm == 0 ? 0 : Float((Double(gradient[index]) - direction * product / norm) / norm)
        }
      }
    ]
  }
}

/// Computes each line of the last axis from the lines of two tensors of one shape. `function`: output, first, second, count.
func mapRowPairs(
  _ first: Tensor, _ second: Tensor, on workers: Workers,
  _ function: @Sendable (UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int) -> Void
) -> Tensor {
  let channels = first.shape.last ?? 1
  let rows = first.count / channels
  return workers.tensor(first.shape) { result in
    first.withPointer { first in
      second.withPointer { second in
        nonisolated(unsafe) let (result, first, second) = (result, first, second)
        workers.split(rows, minimum: max(1, smallestElementwisePart / channels)) { rows in
          for row in rows {
            let place = row * channels
            function(result + place, first + place, second + place, channels)
          }
        }
      }
    }
  }
}
