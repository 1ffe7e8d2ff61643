extension DepthToSpace: DifferentiableOperator {
  /// The gradient, moved back.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    if order == .placesFirst { return SpaceToDepth(block: block).evaluate([gradient], on: workers) }
    let shape = inputs[0].shape
    let channels = gradient.shape[3]
    let line = gradient.shape[2] * channels
    var result = gather(
      gradient, shape: [shape[0], shape[1], shape[2], channels, block.height, block.width], first: 0,
      strides: [gradient.shape[1] * line, block.height * line, block.width * channels, 1, line, channels],
      on: workers)
    result.shape = shape
    return [result]
  }
}

extension SpaceToDepth: DifferentiableOperator {
  /// The gradient, moved back.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    wanted[0] ? DepthToSpace(block: block).evaluate([gradient], on: workers) : [nil]
  }
}

extension Resize: DifferentiableOperator {
  /// Each output pixel's gradient goes to the pixels that it was mixed of, by their weights.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    let shape = inputs[0].shape
    let rowTaps = rows.taps(input: shape[1], output: size.height, sampling)
    let columnTaps = columns.taps(input: shape[2], output: size.width, sampling)
    let (line, channels) = (shape[2] * shape[3], shape[3])
    let outputLine = columnTaps.count * channels
    let result = workers.tensor(shape) { result in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (result, gradient) = (result, gradient)
        workers.split(shape[0]) { images in
          var mixed = [Float](repeating: 0, count: line)
          for image in images {
            let into = result + image * shape[1] * line
            into.update(repeating: 0, count: shape[1] * line)
            for (row, taps) in rowTaps.enumerated() {
              let from = gradient + (image * rowTaps.count + row) * outputLine
              for place in 0..<line { mixed[place] = 0 }
              for (column, taps) in columnTaps.enumerated() {
                for tap in taps {
                  for channel in 0..<channels {
                    mixed[tap.index * channels + channel] += from[column * channels + channel] * tap.weight
                  }
                }
              }
              for tap in taps {
                for place in 0..<line { into[tap.index * line + place] += mixed[place] * tap.weight }
              }
            }
          }
        }
      }
    }
    return [result]
  }
}

extension BorderPad: DifferentiableOperator {
  /// Each element's gradient is the sum over its copies.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    let shape = inputs[0].shape
    let sources = shape.indices.map { indices(alongAxis: $0, size: shape[$0]) }
    let strides = rowMajorStrides(shape)
    let (padded, last) = (sources.map(\.count), sources.last ?? [0])
    // Images go apart, unless some are copies of others.
    let images = before[0] + after[0] == 0 ? shape[0] : 1
    let lines = padded.dropLast().reduce(1, *) / images
    let count = inputs[0].count / images
    let result = workers.tensor(shape) { result in
      gradient.withPointer { gradient in
        nonisolated(unsafe) let (result, gradient) = (result, gradient)
        workers.split(images) { range in
          (result + range.lowerBound * count).update(repeating: 0, count: range.count * count)
          for line in range.lowerBound * lines..<range.upperBound * lines {
            var (offset, rest) = (0, line)
            for axis in padded.indices.dropLast().reversed() {
              offset += sources[axis][rest % padded[axis]] * strides[axis]
              rest /= padded[axis]
            }
            for (index, source) in last.enumerated() { result[offset + source] += gradient[line * last.count + index] }
          }
        }
      }
    }
    return [result]
  }
}
