/// An operator that training can go back through.
public protocol DifferentiableOperator: Operator {
  /// The gradients of a loss by the inputs, each of its input's shape: the vector–Jacobian product.
  /// - Parameters:
  ///   - inputs: what the operator was evaluated with.
  ///   - output: what it gave, before any fused clamp.
  ///   - gradient: the loss's gradient by the output, of its shape.
  ///   - wanted: for each input, whether its gradient is asked for; nil is the answer where it is not.
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

/// Parts of a sum over images or pixels that are computed apart and added in order: as many on every machine, so that the
/// result has the same bits with any number of threads.
func partCount(_ total: Int, floatsAPart: Int) -> Int {
  max(1, min(16, total, (1 << 25) / max(1, floatsAPart)))
}

/// Adds up what `body` writes for each part of 0..<total into zeros of `count` floats. `body`: sum, part.
func sumOfParts(
  _ total: Int, count: Int, on workers: Workers,
  _ body: @Sendable (UnsafeMutablePointer<Float>, Range<Int>) -> Void
) -> [Float] {
  let parts = partCount(total, floatsAPart: count)
  var sums = [Float](repeating: 0, count: parts * count)
  sums.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return }
    nonisolated(unsafe) let sums = base
    workers.split(parts) { range in
      for part in range { body(sums + part * count, total * part / parts..<total * (part + 1) / parts) }
    }
    for part in 1..<max(1, parts) {
      for index in 0..<count { sums[index] += sums[part * count + index] }
    }
  }
  sums.removeLast((parts - 1) * count)
  return sums
}
