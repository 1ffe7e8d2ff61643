import CShim

extension FullyConnected: DifferentiableOperator {
  /// By x, the product of the output's gradient and the weights; by the weights, the sum over positions of the products of
  /// both; by the bias, the sum over positions.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    var results = [Tensor?](repeating: nil, count: 3)
    if wanted[0] { results[0] = byInput(inputs[0].shape, inputs[1], gradient, on: workers) }
    if wanted[1] { results[1] = byWeights(inputs[0], inputs[1].shape, gradient, on: workers) }
    if wanted[2] { results[2] = channelSums(gradient, on: workers) }
    return results
  }

  private func byInput(_ shape: [Int], _ weights: Tensor, _ gradient: Tensor, on workers: Workers) -> Tensor {
    let (outputs, depth) = (weights.shape[0], weights.shape[1])
    let product = weights.withPointer {
      MatrixProduct(depth: outputs, columns: depth, $0, depthStride: depth, columnStride: 1)
    }
    return workers.tensor(shape) { result in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (result, gradient) = (result, gradient)
        workers.split(shape.reduce(1, *) / depth, minimum: max(1, smallestConvolutionPart / (outputs * depth))) {
          product.multiply(
            gradient + $0.lowerBound * outputs, stride: outputs, rows: $0.count, into: result + $0.lowerBound * depth,
            stride: depth)
        }
      }
    }
  }

  private func byWeights(_ x: Tensor, _ shape: [Int], _ gradient: Tensor, on workers: Workers) -> Tensor {
    let (outputs, depth) = (shape[0], shape[1])
    var walk = martlet_float_walk()
    (walk.rows, walk.pixels, walk.pixel, walk.output_pixel) = (1, Int32(x.count / depth), depth, outputs)
    (walk.tap_rows, walk.tap_columns, walk.depth) = (1, 1, Int32(depth))
    return workers.tensor(shape) { result in
      x.withPointer { x in
        gradient.withPointer { gradient in
          let walk = walk
          nonisolated(unsafe) let (result, x, gradient) = (result, x, gradient)
          workers.split(outputs, minimum: max(1, smallestConvolutionPart / (depth * Int(walk.pixels)))) { range in
            let sum = result + range.lowerBound * depth
            sum.update(repeating: 0, count: range.count * depth)
            withUnsafePointer(to: walk) {
              martlet_float_walk_outer(
                FloatKernels.best, $0, x, gradient + range.lowerBound, Int32(range.count), sum, depth)
            }
          }
        }
      }
    }
  }
}
