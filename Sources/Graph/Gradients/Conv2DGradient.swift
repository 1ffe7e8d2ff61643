extension Conv2D: DifferentiableOperator {
  /// By the image, a matrix product with the weights, added up where windows overlap; by the weights, the product of the
  /// output's gradient with the matrix of windows; by the bias, the sum over pixels; by the residual, the gradient itself.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    let (image, weights) = (inputs[0].shape, inputs[1].shape)
    let window = Window2D(uncheckedImage: image, Size2D(weights[1], weights[2]), stride, dilation, padding)
    var results = [Tensor?](repeating: nil, count: inputs.count)
    let shape = ConvolutionGradient(image: image, weights: weights, groups: groups, window: window)
    if wanted[0] { results[0] = shape.byImage(inputs[1], gradient, on: workers) }
    if wanted[1] { results[1] = shape.byWeights(inputs[0], gradient, on: workers) }
    if wanted[2] { results[2] = channelSums(gradient, on: workers) }
    if hasResidual, wanted[3] { results[3] = gradient }
    return results
  }
}

/// What the gradients of one dense or grouped convolution have in common.
struct ConvolutionGradient: Sendable {
  let images: Int
  let imageCount: Int
  let imageShape: [Int]
  let weightsShape: [Int]
  let outputs: Int
  let groups: Int
  let window: Window2D

  init(image: [Int], weights: [Int], groups: Int, window: Window2D) {
    (images, imageCount) = (image[0], image[1] * image[2] * image[3])
    (imageShape, weightsShape, outputs) = (image, weights, weights[0])
    (self.groups, self.window) = (groups, window)
  }

  private func columns(_ group: Int) -> WindowColumns {
    let channels = imageShape[3] / groups
    return WindowColumns(
      window: window, imageChannels: imageShape[3], firstChannel: group * channels, channels: channels)
  }

  private var groupOutputs: Int { outputs / groups }
  private var pixels: Int { window.outputHeight * window.outputWidth }
  private var depth: Int { columns(0).depth }

  /// Whether each pixel is one window: then the image is the matrix.
  private var isPointwise: Bool {
    groups == 1 && window.rows.window == 1 && window.columns.window == 1 && window.rows.stride == 1
      && window.columns.stride == 1 && pixels == imageShape[1] * imageShape[2]
  }

  func byImage(_ weights: Tensor, _ gradient: Tensor, on workers: Workers) -> Tensor {
    let products = weights.withPointer { weights in
      (0..<groups).map { group in
        MatrixProduct(
          depth: groupOutputs, columns: depth, weights + group * groupOutputs * depth, depthStride: depth,
          columnStride: 1)
      }
    }
    return workers.tensor(imageShape) { result in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (result, gradient, products) = (result, gradient, products)
        workers.split(images) { range in
          let matrix = PackedFloats(count: isPointwise ? 0 : pixels * depth)
          for index in range {
            let (into, from) = (result + index * imageCount, gradient + index * pixels * outputs)
            if isPointwise {
              products[0].multiply(from, stride: outputs, rows: pixels, into: into, stride: depth)
              continue
            }
            into.update(repeating: 0, count: imageCount)
            for group in 0..<groups {
              products[group].multiply(
                from + group * groupOutputs, stride: outputs, rows: pixels, into: matrix.base, stride: depth)
              columns(group).scatter(matrix.base, into: into)
            }
          }
        }
      }
    }
  }

  func byWeights(_ image: Tensor, _ gradient: Tensor, on workers: Workers) -> Tensor {
    let count = weightsShape.reduce(1, *)
    let values = image.withPointer { image in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (image, gradient) = (image, gradient)
        return sumOfParts(images, count: count, on: workers) { sum, range in
          let matrix = PackedFloats(count: isPointwise ? 0 : pixels * depth)
          let transposed = PackedFloats(count: groupOutputs * pixels)
          for index in range {
            let (from, outer) = (image + index * imageCount, gradient + index * pixels * outputs)
            for group in 0..<groups {
              if !isPointwise { columns(group).gather(from, into: matrix.base) }
              let product = MatrixProduct(
                depth: pixels, columns: depth, isPointwise ? from : UnsafePointer(matrix.base), depthStride: depth,
                columnStride: 1)
              transpose(
                outer + group * groupOutputs, stride: outputs, rows: pixels, columns: groupOutputs,
                into: transposed.base)
              product.multiply(
                transposed.base, stride: pixels, rows: groupOutputs, into: sum + group * groupOutputs * depth,
                stride: depth, adding: true)
            }
          }
        }
      }
    }
    return Tensor(shape: weightsShape, values: values)
  }
}

/// The sum over everything but the last axis.
func channelSums(_ tensor: Tensor, on workers: Workers) -> Tensor {
  let channels = tensor.shape.last ?? 1
  let values = tensor.withPointer { x in
    nonisolated(unsafe) let x = x
    return sumOfParts(tensor.count / channels, count: channels, on: workers) { sum, pixels in
      for pixel in pixels {
        let line = x + pixel * channels
        for channel in 0..<channels { sum[channel] += line[channel] }
      }
    }
  }
  return Tensor(shape: [channels], values: values)
}
