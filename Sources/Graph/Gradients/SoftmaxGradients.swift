import Foundation

extension Softmax: DifferentiableOperator {
  /// y · (g − Σ g·y).
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    return [
      mapRowPairs(output, gradient, on: workers) { result, y, gradient, count in
        var sum: Float = 0
        for index in 0..<count { sum += gradient[index] * y[index] }
        for index in 0..<count { result[index] = y[index] * (gradient[index] - sum) }
      }
    ]
  }
}

extension LogSoftmax: DifferentiableOperator {
  /// g − exp(y) · Σ g.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    return [
      mapRowPairs(output, gradient, on: workers) { result, y, gradient, count in
        var sum: Float = 0
        for index in 0..<count { sum += gradient[index] }
        for index in 0..<count { result[index] = gradient[index] - exp(y[index]) * sum }
      }
    ]
  }
}

extension TopK: DifferentiableOperator {
  /// The gradient goes to the places of the elements that were taken.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    var places = self
    places.result = .indices
    let taken = places.evaluate(inputs, on: workers)[0]
    var result = Tensor(shape: inputs[0].shape)
    let channels = inputs[0].shape.last ?? 1
    for index in taken.values.indices {
      result.values[index / count * channels + Int(taken.values[index])] += gradient.values[index]
    }
    return [result]
  }

  /// Places are no numbers that a small change of x changes.
  public var obstacleToGradients: String? {
    result == .indices ? "places in an axis have no slope: nothing can be learned through them" : nil
  }
}
