/// A picture: height × width × channels bytes, 1 channel (gray) or 3 (red, green, blue), row by row from the top.
public struct Image: Sendable, Equatable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 or 3.
  public let channels: Int
  /// height × width × channels samples, channels interleaved.
  public let pixels: [UInt8]

  /// Larger pictures are refused before memory is taken for them.
  public static let greatestPixelCount = 100_000_000

  /// A picture of the given samples; nil where their number does not fit or the extents are not positive.
  public init?(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    guard width > 0, height > 0, channels == 1 || channels == 3 else { return nil }
    let size = width.multipliedReportingOverflow(by: height)
    guard !size.overflow, size.partialValue <= Int.max / 3, size.partialValue * channels == pixels.count else {
      return nil
    }
    self.init(uncheckedWidth: width, height: height, channels: channels, pixels: pixels)
  }

  /// For callers that computed `pixels` to size.
  init(uncheckedWidth width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    (self.width, self.height, self.channels, self.pixels) = (width, height, channels, pixels)
  }

  /// The picture with 1 or 3 channels. Gray is the luma of ITU-R BT.601, (19595 R + 38470 G + 7471 B + 32768) ÷ 65536,
  /// as in Pillow; a gray picture gets three equal channels.
  public func converted(toChannels wanted: Int) -> Image {
    precondition(wanted == 1 || wanted == 3, "a picture has 1 or 3 channels")
    if wanted == channels { return self }
    let count = width * height
    let converted = [UInt8](unsafeUninitializedCapacity: count * wanted) { output, size in
      pixels.withUnsafeBufferPointer { input in
        for pixel in 0..<count {
          if wanted == 3 {
            for channel in 0..<3 { output[3 * pixel + channel] = input[pixel] }
          } else {
            let (red, green, blue) = (Int(input[3 * pixel]), Int(input[3 * pixel + 1]), Int(input[3 * pixel + 2]))
            output[pixel] = UInt8((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16)
          }
        }
      }
      size = count * wanted
    }
    return Image(uncheckedWidth: width, height: height, channels: wanted, pixels: converted)
  }

  /// The rectangle of `width` × `height` pixels whose top left corner is at (`left`, `top`); it must lie inside.
  public func cropped(left: Int, top: Int, width cropWidth: Int, height cropHeight: Int) -> Image {
    precondition(
      left >= 0 && top >= 0 && cropWidth > 0 && cropHeight > 0 && left + cropWidth <= width
        && top + cropHeight <= height, "the rectangle lies inside")
    if cropWidth == width && cropHeight == height { return self }
    var cropped: [UInt8] = []
    cropped.reserveCapacity(cropWidth * cropHeight * channels)
    for row in top..<top + cropHeight {
      let start = (row * width + left) * channels
      cropped += pixels[start..<start + cropWidth * channels]
    }
    return Image(uncheckedWidth: cropWidth, height: cropHeight, channels: channels, pixels: cropped)
  }

  /// The picture with red and blue exchanged; a gray picture as it is.
  public func withRedAndBlueExchanged() -> Image {
    guard channels == 3 else { return self }
    var exchanged = pixels
    for start in stride(from: 0, to: exchanged.count, by: 3) { exchanged.swapAt(start, start + 2) }
    return Image(uncheckedWidth: width, height: height, channels: 3, pixels: exchanged)
  }
}
