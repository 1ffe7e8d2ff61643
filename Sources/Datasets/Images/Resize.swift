/// Bilinear resizing, as Pillow defines it: a triangle filter along rows, then along columns, each pass rounded to
/// bytes from 22-bit fixed-point weights.
extension Image {
  /// The picture stretched to `width` × `height` pixels.
  ///
  /// - Parameters:
  ///   - newWidth: pixels in a row of the result, at least 1.
  ///   - newHeight: rows of the result, at least 1.
  ///   - antialiased: where the picture shrinks, the triangle is widened by the scale, so that each input pixel counts
  ///     (Pillow's `resize` with `BILINEAR`). False looks at the two nearest pixels an axis only, with pixel centers at
  ///     half coordinates (OpenCV's `INTER_LINEAR`).
  public func resized(width newWidth: Int, height newHeight: Int, antialiased: Bool = true) -> Image {
    resized(
      width: newWidth, height: newHeight, columns: 0..<newWidth, rows: 0..<newHeight, antialiased: antialiased)
  }

  /// The picture resized in proportion, so that its shorter side has `shorterSide` pixels, then cut to the central
  /// `width` × `height` pixels. Only what remains is computed.
  ///
  /// The longer side is rounded down, and odd margins go to the even side (torchvision's `Resize` and `CenterCrop`).
  /// A picture that would be smaller than the cut is enlarged until it covers it.
  public func resizedAndCropped(
    shorterSide: Int, width cropWidth: Int, height cropHeight: Int, antialiased: Bool = true
  ) -> Image {
    let shorter = min(width, height)
    let (newWidth, newHeight) =
      width <= height
      ? (shorterSide, height * shorterSide / shorter) : (width * shorterSide / shorter, shorterSide)
    guard newWidth >= cropWidth, newHeight >= cropHeight else {
      // Equal to the ratio of the sides, rounded up, in whole numbers.
      let byWidth = (cropWidth * shorter + width - 1) / width
      let byHeight = (cropHeight * shorter + height - 1) / height
      return resizedAndCropped(
        shorterSide: max(shorterSide + 1, byWidth, byHeight), width: cropWidth, height: cropHeight,
        antialiased: antialiased)
    }
    let left = Self.margin(newWidth, cropWidth)
    let top = Self.margin(newHeight, cropHeight)
    return resized(
      width: newWidth, height: newHeight, columns: left..<left + cropWidth, rows: top..<top + cropHeight,
      antialiased: antialiased)
  }

  /// The central `width` × `height` pixels, which must fit; odd margins go to the even side.
  public func centerCropped(width cropWidth: Int, height cropHeight: Int) -> Image {
    cropped(
      left: Self.margin(width, cropWidth), top: Self.margin(height, cropHeight), width: cropWidth, height: cropHeight)
  }

  private static func margin(_ side: Int, _ crop: Int) -> Int {
    Int((Double(side - crop) / 2).rounded(.toNearestOrEven))
  }

  private func resized(
    width newWidth: Int, height newHeight: Int, columns: Range<Int>, rows: Range<Int>, antialiased: Bool
  ) -> Image {
    precondition(newWidth > 0 && newHeight > 0, "a picture has pixels")
    let vertical =
      newHeight == height ? nil : ResizeFilter(from: height, to: newHeight, outputs: rows, antialiased: antialiased)
    // Rows that the vertical pass does not look at are not resized horizontally.
    let needed = vertical?.inputs ?? rows
    let result: Image
    if newWidth == width {
      result = cropped(left: columns.lowerBound, top: needed.lowerBound, width: columns.count, height: needed.count)
    } else {
      let horizontal = ResizeFilter(from: width, to: newWidth, outputs: columns, antialiased: antialiased)
      result = resampledRows(horizontal, rows: needed)
    }
    return vertical.map { result.resampledColumns($0, skipped: needed.lowerBound) } ?? result
  }

  private func resampledRows(_ filter: ResizeFilter, rows: Range<Int>) -> Image {
    let newWidth = filter.firsts.count
    let size = newWidth * rows.count * channels
    let resampled = [UInt8](unsafeUninitializedCapacity: size) { output, count in
      pixels.withUnsafeBufferPointer { input in
        filter.weights.withUnsafeBufferPointer { weights in
          var position = 0
          for row in rows {
            for column in 0..<newWidth {
              let (start, end) = (filter.starts[column], filter.starts[column + 1])
              for channel in 0..<channels {
                var offset = (row * width + filter.firsts[column]) * channels + channel
                var sum = ResizeFilter.half
                for weight in start..<end {
                  sum &+= weights[weight] &* Int32(input[offset])
                  offset += channels
                }
                output[position] = ResizeFilter.byte(sum)
                position += 1
              }
            }
          }
        }
      }
      count = size
    }
    return Image(uncheckedWidth: newWidth, height: rows.count, channels: channels, pixels: resampled)
  }

  /// `skipped` rows of the input of `filter` are absent from this picture's top.
  private func resampledColumns(_ filter: ResizeFilter, skipped: Int) -> Image {
    let newHeight = filter.firsts.count
    let rowSamples = width * channels
    let size = newHeight * rowSamples
    var sums = [Int32](repeating: 0, count: rowSamples)
    let resampled = [UInt8](unsafeUninitializedCapacity: size) { output, count in
      pixels.withUnsafeBufferPointer { input in
        sums.withUnsafeMutableBufferPointer { sums in
          for row in 0..<newHeight {
            sums.update(repeating: ResizeFilter.half)
            var offset = (filter.firsts[row] - skipped) * rowSamples
            for weight in filter.weights[filter.starts[row]..<filter.starts[row + 1]] {
              for index in 0..<rowSamples { sums[index] &+= weight &* Int32(input[offset + index]) }
              offset += rowSamples
            }
            for index in 0..<rowSamples { output[row * rowSamples + index] = ResizeFilter.byte(sums[index]) }
          }
        }
      }
      count = size
    }
    return Image(uncheckedWidth: width, height: newHeight, channels: channels, pixels: resampled)
  }
}
