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

  /// Output rows whose part of the matrix stays in a near cache.
  var rowsAPart: Int { max(1, min(window.outputHeight, 32768 / max(1, window.outputWidth * depth))) }

  /// Writes the matrix of some output rows.
  func gather(_ rows: Range<Int>, of image: UnsafePointer<Float>, into matrix: UnsafeMutablePointer<Float>) {
    matrix.update(repeating: 0, count: rows.count * window.outputWidth * depth)
    forEachTap(rows) { place, pixel in (matrix + place).update(from: image + pixel, count: channels) }
  }

  /// Adds the values of the matrix of some output rows to the pixels that they came from.
  func scatter(_ matrix: UnsafePointer<Float>, of rows: Range<Int>, into image: UnsafeMutablePointer<Float>) {
    forEachTap(rows) { place, pixel in
      let (from, into) = (matrix + place, image + pixel)
      for channel in 0..<channels { into[channel] += from[channel] }
    }
  }

  /// Calls `body` with where a tap's channels lie in the matrix and in the image.
  @inline(__always)
  private func forEachTap(_ outputRows: Range<Int>, _ body: (Int, Int) -> Void) {
    let (rows, columns) = (window.rows, window.columns)
    for y in outputRows {
      let tapRows = rows.taps(y)
      for x in 0..<window.outputWidth {
        let line = ((y - outputRows.lowerBound) * window.outputWidth + x) * depth
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
