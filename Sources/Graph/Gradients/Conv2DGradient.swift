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

  /// Whether the gradient by the image is a convolution of the output's gradient, with the weights turned around: without
  /// stride, each pixel was in as many windows as the kernel has taps.
  private var isTurnedConvolution: Bool {
    groups == 1 && window.rows.stride == 1 && window.columns.stride == 1
      && window.rows.before < window.rows.extent && window.columns.before < window.columns.extent
  }

  func byImage(_ weights: Tensor, _ gradient: Tensor, on workers: Workers) -> Tensor {
    if isTurnedConvolution { return turnedConvolution(weights, gradient, on: workers) }
    let products = weights.withPointer { weights in
      (0..<groups).map { group in
        MatrixProduct(
          depth: groupOutputs, columns: depth, weights + group * groupOutputs * depth, depthStride: depth,
          columnStride: 1)
      }
    }
    let rowsAPart = columns(0).rowsAPart
    return workers.tensor(imageShape) { result in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (result, gradient, products) = (result, gradient, products)
        workers.split(images) { range in
          let matrix = PackedFloats(count: rowsAPart * window.outputWidth * depth)
          for index in range {
            let (into, from) = (result + index * imageCount, gradient + index * pixels * outputs)
            into.update(repeating: 0, count: imageCount)
            for rows in parts(rowsAPart) {
              let first = rows.lowerBound * window.outputWidth
              for group in 0..<groups {
                products[group].multiply(
                  from + first * outputs + group * groupOutputs, stride: outputs,
                  rows: rows.count * window.outputWidth, into: matrix.base, stride: depth)
                columns(group).scatter(matrix.base, of: rows, into: into)
              }
            }
          }
        }
      }
    }
  }

  private func turnedConvolution(_ weights: Tensor, _ gradient: Tensor, on workers: Workers) -> Tensor {
    let (rows, columns) = (window.rows, window.columns)
    let (channels, taps) = (imageShape[3], rows.window * columns.window)
    var turned = Tensor(shape: [channels, rows.window, columns.window, outputs])
    for output in 0..<outputs {
      for tap in 0..<taps {
        let from = (output * taps + tap) * channels
        for channel in 0..<channels {
          turned.values[(channel * taps + taps - 1 - tap) * outputs + output] = weights.values[from + channel]
        }
      }
    }
    let image = [images, window.outputHeight, window.outputWidth, outputs]
    let (top, left) = (rows.extent - 1 - rows.before, columns.extent - 1 - columns.before)
    let padding = Padding2D(
      top: top, left: left, bottom: imageShape[1] + rows.extent - 1 - top - window.outputHeight,
      right: imageShape[2] + columns.extent - 1 - left - window.outputWidth)
    let back = Window2D(
      uncheckedImage: image, Size2D(rows.window, columns.window), .one, Size2D(rows.dilation, columns.dilation), padding
    )
    let convolution = FloatConvolution(image: image, window: back, outputs: channels, groups: 1, clamp: nil)
    var result = convolution.dense(
      gradient, weights: packedMatrices(turned, outputs: channels, groups: 1), bias: Tensor(shape: [channels]),
      residual: nil, on: workers)
    result.shape = imageShape
    return result
  }

  /// The output's rows, so many at a time.
  private func parts(_ count: Int) -> [Range<Int>] {
    stride(from: 0, to: window.outputHeight, by: count).map { $0..<min($0 + count, window.outputHeight) }
  }

  func byWeights(_ image: Tensor, _ gradient: Tensor, on workers: Workers) -> Tensor {
    let count = weightsShape.reduce(1, *)
    let rowsAPart = columns(0).rowsAPart
    let values = image.withPointer { image in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (image, gradient) = (image, gradient)
        return sumOfParts(images, count: count, on: workers) { sum, range in
          let matrix = PackedFloats(count: isPointwise ? 0 : rowsAPart * window.outputWidth * depth)
          let transposed = PackedFloats(count: groupOutputs * rowsAPart * window.outputWidth)
          for index in range {
            let (from, outer) = (image + index * imageCount, gradient + index * pixels * outputs)
            for rows in parts(rowsAPart) {
              let (first, pixels) = (rows.lowerBound * window.outputWidth, rows.count * window.outputWidth)
              for group in 0..<groups {
                if !isPointwise { columns(group).gather(rows, of: from, into: matrix.base) }
                let product = MatrixProduct(
                  depth: pixels, columns: depth, isPointwise ? from + first * depth : UnsafePointer(matrix.base),
                  depthStride: depth, columnStride: 1)
                transpose(
                  outer + first * outputs + group * groupOutputs, stride: outputs, rows: pixels,
                  columns: groupOutputs, into: transposed.base)
                product.multiply(
                  transposed.base, stride: pixels, rows: groupOutputs, into: sum + group * groupOutputs * depth,
                  stride: depth, adding: true)
              }
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
