import Foundation

extension Slice: DifferentiableOperator {
  /// The gradient where the part was taken, zeros elsewhere.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    var result = Tensor(shape: inputs[0].shape)
    let strides = rowMajorStrides(inputs[0].shape)
    let steps = zip(step, strides).map { $0 * $1 }
    let first = zip(begin, strides).reduce(0) { $0 + $1.0 * $1.1 }
    var place = [Int](repeating: 0, count: size.count)
    var into = first
    result.values.withUnsafeMutableBufferPointer { result in
      for value in gradient.values {
        result[into] = value
        for axis in place.indices.reversed() {
          place[axis] += 1
          into += steps[axis]
          if place[axis] < size[axis] { break }
          into -= steps[axis] * size[axis]
          place[axis] = 0
        }
      }
    }
    return [result]
  }
}

extension Pad: DifferentiableOperator {
  /// The part of the gradient that belongs to the input.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    let shape = inputs[0].shape
    return Slice(begin: before, size: shape, step: shape.map { _ in 1 }).evaluate([gradient], on: workers)
  }
}

extension LocalResponseNormalization: DifferentiableOperator {
  /// With s = bias + alpha · Σ x′²: by x, g · s^−β − 2 · alpha · beta · x · Σ g′ · x′ · s′^(−β−1), the last sum over the
  /// places in whose windows x lies.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    let channels = inputs[0].shape.last ?? 1
    let (before, after, alpha, beta, bias) = (before, after, Double(alpha), Double(beta), Double(bias))
    let result = workers.tensor(inputs[0].shape) { result in
      inputs[0].withPointer { x in
        gradient.withPointer { gradient in
          nonisolated(unsafe) let (result, x, gradient) = (result, x, gradient)
          workers.split(inputs[0].count / channels, minimum: max(1, smallestElementwisePart / channels)) { rows in
            var (sums, weighted) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
            for row in rows {
              let (line, from, into) = (x + row * channels, gradient + row * channels, result + row * channels)
              for index in 0..<channels {
                var sum = bias
                for near in max(0, index - before)...min(channels - 1, index + after) {
                  sum += alpha * Double(line[near]) * Double(line[near])
                }
                sums[index] = sum
                weighted[index] = Double(from[index]) * Double(line[index]) * pow(sum, -beta - 1)
              }
              for index in 0..<channels {
                var sum = 0.0
                for near in max(0, index - after)...min(channels - 1, index + before) { sum += weighted[near] }
                into[index] = Float(
                  Double(from[index]) * pow(sums[index], -beta) - 2 * alpha * beta * Double(line[index]) * sum)
              }
            }
          }
        }
      }
    }
    return [result]
  }
}
