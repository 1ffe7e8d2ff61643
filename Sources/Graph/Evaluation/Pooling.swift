/// Walks a pooling window over an image: each output pixel begins as `start`, takes up every tap inside the image by
/// `combine(into, from, channels)`, and ends with `finish(into, outputRow, outputColumn)`.
func pool(
  _ image: Tensor, _ geometry: Window2D, on workers: Workers, start: Float,
  combine: @Sendable (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void,
  finish: @Sendable (UnsafeMutablePointer<Float>, Int, Int) -> Void
) -> Tensor {
  let (height, width, channels) = (image.shape[1], image.shape[2], image.shape[3])
  let shape = [image.shape[0], geometry.outputHeight, geometry.outputWidth, channels]
  let (rows, columns) = (geometry.rows, geometry.columns)
  return workers.tensor(shape) { result in
    image.withPointer { x in
      nonisolated(unsafe) let (result, x) = (result, x)
      workers.split(shape[0] * shape[1]) { range in
        for row in range {
          let (batch, y) = row.quotientAndRemainder(dividingBy: shape[1])
          for column in 0..<shape[2] {
            let into = result + (row * shape[2] + column) * channels
            into.update(repeating: start, count: channels)
            for tapRow in rows.taps(y) {
              let inputY = rows.start(y) + tapRow * rows.dilation
              for tapColumn in columns.taps(column) {
                let inputX = columns.start(column) + tapColumn * columns.dilation
                combine(into, x + ((batch * height + inputY) * width + inputX) * channels, channels)
              }
            }
            finish(into, y, column)
          }
        }
      }
    }
  }
}
