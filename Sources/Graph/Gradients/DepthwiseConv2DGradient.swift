import CShim

extension DepthwiseConv2D: DifferentiableOperator {
  /// By the image, a depthwise convolution of the output's gradient; by the weights, for each tap the sum of the products of
  /// its pixels and the output's gradient; by the bias, the sum over pixels.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    let (image, weights) = (inputs[0].shape, inputs[1].shape)
    let window = Window2D(uncheckedImage: image, Size2D(weights[0], weights[1]), stride, dilation, padding)
    var results = [Tensor?](repeating: nil, count: 3)
    if wanted[0] { results[0] = byImage(image, inputs[1], gradient, window, on: workers) }
    if wanted[1] { results[1] = byWeights(inputs[0], weights, gradient, window, on: workers) }
    if wanted[2] { results[2] = channelSums(gradient, on: workers) }
    return results
  }

  private func byImage(
    _ image: [Int], _ weights: Tensor, _ gradient: Tensor, _ window: Window2D, on workers: Workers
  ) -> Tensor {
    let channels = image[3]
    let windows = TurnedWindows(window, channels: channels, outputs: channels, depth: channels, isDepthwise: true)
    // One row of zeros more, for the biases.
    let turned = windows.parts.map { part in
      PackedFloats(count: (part.taps.count + 1) * channels) { turned in
        weights.withPointer { weights in
          for (index, tap) in part.taps.enumerated() {
            (turned + index * channels).update(from: weights + tap * channels, count: channels)
          }
        }
        (turned + part.taps.count * channels).update(repeating: 0, count: channels)
      }
    }
    return workers.tensor(image) { result in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (result, gradient) = (result, gradient)
        workers.split(image[0]) { range in
          windows.forEach(range, of: gradient) { gradient, index in
            for (part, turned) in zip(windows.parts, turned) {
              var walk = part.walk
              FloatKernels.best.pointee.depthwise_walk(
                &walk, gradient + part.start, turned.base, turned.base + part.taps.count * channels,
                result + index * windows.imageCount + part.place, -.infinity, .infinity)
            }
          }
        }
      }
    }
  }

  private func byWeights(
    _ x: Tensor, _ shape: [Int], _ gradient: Tensor, _ window: Window2D, on workers: Workers
  ) -> Tensor {
    let channels = x.shape[3]
    let windows = PaddedWindows(
      window, channels: channels, depth: channels, outputChannels: channels, isDepthwise: true)
    return x.withPointer { images in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (images, gradient) = (images, gradient)
        return workers.sumOfParts(x.shape[0], shape: shape) { sum, range in
          windows.forEach(range, of: images) { walk, image, index in
            FloatKernels.best.pointee.depthwise_outer(walk, image, gradient + index * windows.outputCount, sum)
          }
        }
      }
    }
  }
}
