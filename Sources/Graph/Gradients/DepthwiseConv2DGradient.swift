extension DepthwiseConv2D: DifferentiableOperator {
  /// Tap by tap: each output's gradient times the weight goes to the tap's pixel, and times the pixel to the weight.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    let (image, weights) = (inputs[0].shape, inputs[1].shape)
    let window = Window2D(uncheckedImage: image, Size2D(weights[0], weights[1]), stride, dilation, padding)
    let walk = DepthwiseWalk(window: window, channels: image[3])
    var results = [Tensor?](repeating: nil, count: 3)
    if wanted[0] {
      results[0] = workers.tensor(image) { result in
        inputs[1].withPointer { weights in
          gradient.withPointer { gradient in
            nonisolated(unsafe) let (result, weights, gradient) = (result, weights, gradient)
            workers.split(image[0]) { range in
              for index in range {
                let into = result + index * walk.imageCount
                into.update(repeating: 0, count: walk.imageCount)
                walk.forEachTap(gradient + index * walk.outputCount) { tap, pixel, from in
                  let (line, factors) = (into + pixel, weights + tap)
                  for channel in 0..<walk.channels { line[channel] += from[channel] * factors[channel] }
                }
              }
            }
          }
        }
      }
    }
    if wanted[1] {
      let values = inputs[0].withPointer { x in
        gradient.withPointer { gradient in
          nonisolated(unsafe) let (x, gradient) = (x, gradient)
          return sumOfParts(image[0], count: inputs[1].count, on: workers) { sum, range in
            for index in range {
              let pixels = x + index * walk.imageCount
              walk.forEachTap(gradient + index * walk.outputCount) { tap, pixel, from in
                let (line, into) = (pixels + pixel, sum + tap)
                for channel in 0..<walk.channels { into[channel] += from[channel] * line[channel] }
              }
            }
          }
        }
      }
      results[1] = Tensor(shape: weights, values: values)
    }
    if wanted[2] { results[2] = channelSums(gradient, on: workers) }
    return results
  }
}

/// All taps of all outputs of one image, channels together.
private struct DepthwiseWalk: Sendable {
  let window: Window2D
  let channels: Int

  var imageCount: Int { window.rows.input * window.columns.input * channels }
  var outputCount: Int { window.outputHeight * window.outputWidth * channels }

  /// `body`: where the tap's weights begin, where its pixel, and the output's channels.
  @inline(__always)
  func forEachTap(_ output: UnsafePointer<Float>, _ body: (Int, Int, UnsafePointer<Float>) -> Void) {
    let (rows, columns) = (window.rows, window.columns)
    for y in 0..<window.outputHeight {
      for x in 0..<window.outputWidth {
        let from = output + (y * window.outputWidth + x) * channels
        for tapRow in rows.taps(y) {
          let imageRow = (rows.start(y) + tapRow * rows.dilation) * columns.input
          for tapColumn in columns.taps(x) {
            let pixel = imageRow + columns.start(x) + tapColumn * columns.dilation
            body((tapRow * columns.window + tapColumn) * channels, pixel * channels, from)
          }
        }
      }
    }
  }
}
