import Foundation

extension MaxPool2D: DifferentiableOperator {
  /// Each output's gradient goes to the first tap that holds the maximum.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    let geometry = Window2D(uncheckedImage: inputs[0].shape, window, stride, dilation, padding, roundsUp)
    let channels = inputs[0].shape[3]
    return [
      inputs[0].withPointer { x in
        output.withPointer { output in
          nonisolated(unsafe) let (x, output) = (x, output)
          return spread(gradient, image: inputs[0].shape, geometry, on: workers) { into, taps, base, place, from in
            for channel in 0..<channels {
              let largest = output[place + channel]
              for tap in taps where x[base + tap + channel] == largest {
                into[tap + channel] += from[channel]
                break
              }
            }
          }
        }
      }
    ]
  }
}

extension AveragePool2D: DifferentiableOperator {
  /// Each output's gradient goes in equal parts to its taps.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    let geometry = Window2D(uncheckedImage: inputs[0].shape, window, stride, .one, padding, roundsUp)
    let channels = inputs[0].shape[3]
    let counts = countsPadding
    let columns = geometry.outputWidth
    return [
      spread(gradient, image: inputs[0].shape, geometry, on: workers) { into, taps, _, place, from in
        let pixel = place / channels
        let (row, column) = (pixel / columns % geometry.outputHeight, pixel % columns)
        let padded = geometry.rows.paddedTapCount(row) * geometry.columns.paddedTapCount(column)
        let factor = 1 / Float(max(1, counts ? padded : taps.count))
        for tap in taps {
          let line = into + tap
          for channel in 0..<channels { line[channel] += from[channel] * factor }
        }
      }
    ]
  }
}

extension LpPool: DifferentiableOperator {
  /// Each output's gradient goes to its taps times |x|^(p − 1) · sign(x) / y^(p − 1); of an averaged norm, divided by the
  /// taps, too. A window of zeros passes nothing on.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    let geometry = Window2D(uncheckedImage: inputs[0].shape, window, stride, dilation, padding, roundsUp)
    let (channels, exponent, averages) = (inputs[0].shape[3], Float(order - 1), averages)
    // The norm itself: `output` may be clamped.
    let norms = evaluate(inputs, on: workers)[0]
    return [
      inputs[0].withPointer { x in
        norms.withPointer { norms in
          nonisolated(unsafe) let (x, norms) = (x, norms)
          return spread(gradient, image: inputs[0].shape, geometry, on: workers) { into, taps, base, place, from in
            let share = averages ? 1 / Float(max(1, taps.count)) : 1
            for channel in 0..<channels where norms[place + channel] > 0 {
              for tap in taps {
                let value = x[base + tap + channel]
                let slope = pow(abs(value) / norms[place + channel], exponent)
                into[tap + channel] += from[channel] * share * (value < 0 ? -slope : slope)
              }
            }
          }
        }
      }
    ]
  }
}

/// The gradient by a pooled image. `body`: the image's gradient, where in it the taps inside the image lie, where in the
/// input the image begins, where in the output the pixel lies, and the output's gradient there.
private func spread(
  _ gradient: Tensor, image: [Int], _ geometry: Window2D, on workers: Workers,
  _ body: @Sendable (UnsafeMutablePointer<Float>, [Int], Int, Int, UnsafePointer<Float>) -> Void
) -> Tensor {
  let channels = image[3]
  let imageCount = image[1] * image[2] * channels
  let (rows, columns) = (geometry.rows, geometry.columns)
  return workers.tensor(image) { result in
    gradient.withPointer { gradient in
      nonisolated(unsafe) let (result, gradient) = (result, gradient)
      workers.split(image[0]) { range in
        var taps: [Int] = []
        for index in range {
          let into = result + index * imageCount
          into.update(repeating: 0, count: imageCount)
          for y in 0..<geometry.outputHeight {
            for x in 0..<geometry.outputWidth {
              taps.removeAll(keepingCapacity: true)
              for tapRow in rows.taps(y) {
                let imageRow = (rows.start(y) + tapRow * rows.dilation) * columns.input
                for tapColumn in columns.taps(x) {
                  taps.append((imageRow + columns.start(x) + tapColumn * columns.dilation) * channels)
                }
              }
              let place = ((index * geometry.outputHeight + y) * geometry.outputWidth + x) * channels
              body(into, taps, index * imageCount, place, gradient + place)
            }
          }
        }
      }
    }
  }
}
