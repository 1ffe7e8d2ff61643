extension FullyConnected: DifferentiableOperator {
  /// Those of a 1×1 convolution of an image with one row of positions.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    let (outputs, depth) = (inputs[1].shape[0], inputs[1].shape[1])
    let positions = inputs[0].count / depth
    let image = [1, 1, positions, depth]
    let shape = ConvolutionGradient(
      image: image, weights: [outputs, 1, 1, depth], groups: 1,
      window: Window2D(uncheckedImage: image, .one, .one, .one, .zero))
    var results = [Tensor?](repeating: nil, count: 3)
    if wanted[0] {
      results[0] = shape.byImage(inputs[1], gradient, on: workers)
      results[0]?.shape = inputs[0].shape
    }
    if wanted[1] {
      results[1] = shape.byWeights(inputs[0], gradient, on: workers)
      results[1]?.shape = inputs[1].shape
    }
    if wanted[2] { results[2] = channelSums(gradient, on: workers) }
    return results
  }
}
