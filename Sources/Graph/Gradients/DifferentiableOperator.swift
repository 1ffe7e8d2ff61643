import CShim

/// An operator that training can go back through.
public protocol DifferentiableOperator: Operator {
  /// The gradients of a loss by the inputs, each of its input's shape: the vector–Jacobian product.
  /// - Parameters:
  ///   - inputs: what the operator was evaluated with.
  ///   - output: what it gave, before any fused clamp.
  ///   - gradient: the loss's gradient by the output, of its shape.
  ///   - wanted: for each input, whether its gradient is asked for; nil is the answer where it is not.
  ///   - workers: the threads that share the work.
  func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?]

  /// Nil, or why this use of the operator has no gradient.
  var obstacleToGradients: String? { get }
}

extension DifferentiableOperator {
  /// None.
  public var obstacleToGradients: String? { nil }
}

extension Workers {
  /// Adds up what `body` writes for each part of 0..<total into zeros of a tensor's shape. The parts are as many on every
  /// machine and added in order, so that the sum has the same bits with any number of threads. `body`: sum, part.
  func sumOfParts(
    _ total: Int, shape: [Int], _ body: @Sendable (UnsafeMutablePointer<Float>, Range<Int>) -> Void
  ) -> Tensor {
    let count = shape.reduce(1, *)
    let parts = max(1, min(8, total, (1 << 25) / max(1, count)))
    let sums = tensor([parts, count]) { sums in
      nonisolated(unsafe) let sums = sums
      split(parts) { range in
        for part in range {
          let sum = sums + part * count
          sum.update(repeating: 0, count: count)
          body(sum, total * part / parts..<total * (part + 1) / parts)
        }
      }
    }
    if parts == 1 { return Tensor(shape: shape, values: sums.values) }
    defer { buffers.give(sums.values) }
    return tensor(shape) { result in
      sums.withPointer { sums in
        nonisolated(unsafe) let (result, sums) = (result, sums)
        split(count, minimum: smallestElementwisePart) { range in
          let into = result + range.lowerBound
          into.update(from: sums + range.lowerBound, count: range.count)
          for part in 1..<parts { martlet_float_accumulate(into, sums + part * count + range.lowerBound, range.count) }
        }
      }
    }
  }
}
