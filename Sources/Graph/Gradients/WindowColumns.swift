/// The matrix of a convolution's windows (im2col): a row an output pixel, in each row the taps' channels one after the
/// other, zeros where a tap lies in the padding. Of one image, and of `channels` channels from `firstChannel` on.
struct WindowColumns {
  let window: Window2D
  let imageChannels: Int
  let firstChannel: Int
  let channels: Int

  /// Floats of one row.
  var depth: Int { window.rows.window * window.columns.window * channels }
  /// Rows.
  var pixels: Int { window.outputHeight * window.outputWidth }

  /// Writes the whole matrix.
  func gather(_ image: UnsafePointer<Float>, into matrix: UnsafeMutablePointer<Float>) {
    matrix.update(repeating: 0, count: pixels * depth)
    forEachTap { place, pixel in (matrix + place).update(from: image + pixel, count: channels) }
  }

  /// Adds the matrix's values to the pixels that they came from.
  func scatter(_ matrix: UnsafePointer<Float>, into image: UnsafeMutablePointer<Float>) {
    forEachTap { place, pixel in
      let (from, into) = (matrix + place, image + pixel)
      for channel in 0..<channels { into[channel] += from[channel] }
    }
  }

  /// Calls `body` with where a tap's channels lie in the matrix and in the image.
  @inline(__always)
  private func forEachTap(_ body: (Int, Int) -> Void) {
    let (rows, columns) = (window.rows, window.columns)
    for y in 0..<window.outputHeight {
      let tapRows = rows.taps(y)
      for x in 0..<window.outputWidth {
        let line = (y * window.outputWidth + x) * depth
        let tapColumns = columns.taps(x)
        for tapRow in tapRows {
          let imageRow = (rows.start(y) + tapRow * rows.dilation) * columns.input
          for tapColumn in tapColumns {
            let pixel = imageRow + columns.start(x) + tapColumn * columns.dilation
            body(
              line + (tapRow * columns.window + tapColumn) * channels, pixel * imageChannels + firstChannel)
          }
        }
      }
    }
  }
}
