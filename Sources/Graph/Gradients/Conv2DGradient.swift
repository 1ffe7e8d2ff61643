import CShim

extension Conv2D: DifferentiableOperator {
  /// By the image, a convolution of the output's gradient; by the weights, the sum of the products of windows and the
  /// output's gradient; by the bias, the sum over pixels; by the residual, the gradient itself.
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
  let imageShape: [Int]
  let weightsShape: [Int]
  let groups: Int
  let window: Window2D

  init(image: [Int], weights: [Int], groups: Int, window: Window2D) {
    (imageShape, weightsShape, self.groups, self.window) = (image, weights, groups, window)
  }

  private var images: Int { imageShape[0] }
  private var outputs: Int { weightsShape[0] }
  /// Channels of one group, of the image and of the output.
  private var groupInputs: Int { weightsShape[3] }
  private var groupOutputs: Int { outputs / groups }
  /// Weights of one output.
  private var depth: Int { weightsShape[1] * weightsShape[2] * weightsShape[3] }

  /// [N,H,W,IC], by images.
  func byImage(_ weights: Tensor, _ gradient: Tensor, on workers: Workers) -> Tensor {
    let windows = TurnedWindows(window, channels: imageShape[3], outputs: outputs, depth: groupOutputs)
    let packed = windows.parts.map { pack(weights, taps: $0.taps) }
    return workers.tensor(imageShape) { result in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (result, gradient) = (result, gradient)
        workers.split(images) { range in
          windows.forEach(range, of: gradient) { gradient, index in
            for (part, packed) in zip(windows.parts, packed) {
              var walk = part.walk
              for group in 0..<groups {
                martlet_float_walk_multiply(
                  FloatKernels.best, &walk, gradient + part.start + group * groupOutputs,
                  packed.base + group * (packed.count / groups), nil,
                  result + index * windows.imageCount + part.place + group * groupInputs, Int32(groupInputs),
                  -.infinity, .infinity)
              }
            }
          }
        }
      }
    }
  }

  /// For each group the matrix of `taps` × group's outputs rows and group's inputs columns.
  private func pack(_ weights: Tensor, taps: [Int]) -> PackedFloats {
    let count = martlet_float_packed_b_count(Int32(groupInputs), Int32(taps.count * groupOutputs))
    let places = taps.map { $0 * groupInputs }
    return PackedFloats(count: groups * count) { packed in
      weights.withPointer { weights in
        for group in 0..<groups {
          martlet_float_pack_taps(
            packed + group * count, weights + group * groupOutputs * depth, places, Int32(taps.count), depth,
            Int32(groupInputs), Int32(groupOutputs))
        }
      }
    }
  }

  /// [OC,KH,KW,IC/groups], summed over images.
  func byWeights(_ image: Tensor, _ gradient: Tensor, on workers: Workers) -> Tensor {
    let windows = PaddedWindows(window, channels: imageShape[3], depth: groupInputs, outputChannels: outputs)
    return image.withPointer { image in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (image, gradient) = (image, gradient)
        return workers.sumOfParts(images, shape: weightsShape) { sum, range in
          windows.forEach(range, of: image) { walk, image, index in
            for group in 0..<groups {
              martlet_float_walk_outer(
                FloatKernels.best, walk, image + group * groupInputs,
                gradient + index * windows.outputCount + group * groupOutputs, Int32(groupOutputs),
                sum + group * groupOutputs * depth, depth)
            }
          }
        }
      }
    }
  }
}

/// The sum over everything but the last axis.
func channelSums(_ tensor: Tensor, on workers: Workers) -> Tensor {
  let channels = tensor.shape.last ?? 1
  return tensor.withPointer { x in
    nonisolated(unsafe) let x = x
    return workers.sumOfParts(tensor.count / channels, shape: [channels]) { sum, pixels in
      martlet_float_channel_sums(x + pixels.lowerBound * channels, pixels.count, channels, sum)
    }
  }
}
