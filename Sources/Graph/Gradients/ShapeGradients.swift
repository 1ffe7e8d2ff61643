extension Reshape: DifferentiableOperator {
  /// The gradient under the input's shape.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    [wanted[0] ? Tensor(shape: inputs[0].shape, values: gradient.values) : nil]
  }
}

extension Concat: DifferentiableOperator {
  /// Each input's part of the gradient.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    let outer = gradient.shape[..<axis].reduce(1, *)
    let line = gradient.shape[axis...].reduce(1, *)
    var begin = 0
    return inputs.indices.map { index in
      let count = inputs[index].shape[axis...].reduce(1, *)
      defer { begin += count }
      guard wanted[index] else { return nil }
      return workers.tensor(inputs[index].shape) { result in
        gradient.withPointer { from in
          for row in 0..<outer { (result + row * count).update(from: from + row * line + begin, count: count) }
        }
      }
    }
  }
}

extension Transpose: DifferentiableOperator {
  /// The gradient, transposed back.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    var inverse = [Int](repeating: 0, count: permutation.count)
    for (to, from) in permutation.enumerated() { inverse[from] = to }
    return Transpose(permutation: inverse).evaluate([gradient], on: workers)
  }
}
