import CShim

/// A convolution's windows over images that are copied with their padding around them, so that every window lies whole in
/// the copy. Nothing is copied where no window leaves the image.
struct PaddedWindows: Sendable {
  /// How the windows lie; its output is dense, `outputChannels` a pixel.
  let walk: martlet_float_walk
  /// Floats of one image, of its copy and of one image's outputs.
  let imageCount: Int
  let paddedCount: Int
  let outputCount: Int
  /// Whether the images are read where they lie.
  let isInPlace: Bool
  /// Whether each pixel is one window, so that many images are like one.
  let isPointwise: Bool
  private let rows: WindowAxis
  private let columns: WindowAxis
  private let paddedHeight: Int
  private let paddedWidth: Int
  private let channels: Int

  /// - Parameters:
  ///   - channels: of the image.
  ///   - depth: channels of a window: fewer than the image's in a group's.
  ///   - isDepthwise: whether each tap is a stretch of its own.
  init(_ window: Window2D, channels: Int, depth: Int, outputChannels: Int, isDepthwise: Bool = false) {
    (rows, columns, self.channels) = (window.rows, window.columns, channels)
    let height = (window.outputHeight - 1) * rows.stride + rows.extent
    let width = (window.outputWidth - 1) * columns.stride + columns.extent
    isInPlace = rows.before == 0 && columns.before == 0 && height <= rows.input && width <= columns.input
    (paddedHeight, paddedWidth) = isInPlace ? (rows.input, columns.input) : (height, width)
    imageCount = rows.input * columns.input * channels
    paddedCount = paddedHeight * paddedWidth * channels
    outputCount = window.outputHeight * window.outputWidth * outputChannels
    isPointwise =
      isInPlace && rows.window == 1 && columns.window == 1 && window.outputHeight == rows.input
      && window.outputWidth == columns.input
    let isMerged = !isDepthwise && depth == channels && columns.dilation == 1
    var walk = martlet_float_walk()
    (walk.rows, walk.pixels) = (Int32(window.outputHeight), Int32(window.outputWidth))
    (walk.row, walk.pixel) = (rows.stride * paddedWidth * channels, columns.stride * channels)
    (walk.tap_rows, walk.tap_columns) = (Int32(rows.window), isMerged ? 1 : Int32(columns.window))
    walk.depth = Int32(isMerged ? columns.window * depth : depth)
    (walk.tap_row, walk.tap_column) = (rows.dilation * paddedWidth * channels, columns.dilation * channels)
    (walk.output_row, walk.output_pixel) = (window.outputWidth * outputChannels, outputChannels)
    self.walk = walk
  }

  /// Calls `body` for images of `range`: the windows' walk, where it begins, and which image it is. Of pointwise windows all
  /// images are one walk.
  func forEach(
    _ range: Range<Int>, of images: UnsafePointer<Float>,
    _ body: (UnsafePointer<martlet_float_walk>, UnsafePointer<Float>, Int) -> Void
  ) {
    if range.isEmpty { return }
    if isPointwise {
      var walk = walk
      (walk.rows, walk.pixels) = (1, Int32(range.count) * walk.rows * walk.pixels)
      return body(&walk, images + range.lowerBound * imageCount, range.lowerBound)
    }
    var walk = walk
    let padded = PackedFloats(count: isInPlace ? 0 : paddedCount)
    for index in range {
      let image = images + index * imageCount
      if isInPlace {
        body(&walk, image, index)
      } else {
        pad(image, into: padded.base)
        body(&walk, UnsafePointer(padded.base), index)
      }
    }
  }

  private func pad(_ image: UnsafePointer<Float>, into padded: UnsafeMutablePointer<Float>) {
    martlet_float_pad(
      padded, Int32(paddedHeight), Int32(paddedWidth), image, Int32(rows.input), Int32(columns.input),
      Int32(rows.before), Int32(columns.before), Int32(channels))
  }
}

extension PaddedWindows {
  /// A dense or grouped convolution of a batch, image by image.
  static func convolve(
    _ images: Tensor, weights: PackedFloats, bias: Tensor, _ window: Window2D, outputs: Int, groups: Int,
    clamp: ClosedRange<Float>?, on workers: Workers
  ) -> Tensor {
    let shape = [images.shape[0], window.outputHeight, window.outputWidth, outputs]
    let (depth, columns) = (images.shape[3] / groups, outputs / groups)
    let windows = PaddedWindows(window, channels: images.shape[3], depth: depth, outputChannels: outputs)
    let packedCount = weights.count / groups
    let (low, high) = bounds(clamp)
    return workers.tensor(shape) { result in
      images.withPointer { images in
        bias.withPointer { bias in
          nonisolated(unsafe) let (result, images, bias) = (result, images, bias)
          workers.split(shape[0]) { range in
            windows.forEach(range, of: images) { walk, image, index in
              for group in 0..<groups {
                martlet_float_walk_multiply(
                  FloatKernels.best, walk, image + group * depth, weights.base + group * packedCount,
                  bias + group * columns, result + index * windows.outputCount + group * columns, Int32(columns), low,
                  high)
              }
            }
          }
        }
      }
    }
  }

  /// A depthwise convolution of a batch, image by image.
  static func convolveDepthwise(
    _ images: Tensor, weights: Tensor, bias: Tensor, _ window: Window2D, clamp: ClosedRange<Float>?, on workers: Workers
  ) -> Tensor {
    let channels = images.shape[3]
    let windows = PaddedWindows(
      window, channels: channels, depth: channels, outputChannels: channels, isDepthwise: true)
    let (low, high) = bounds(clamp)
    return workers.tensor([images.shape[0], window.outputHeight, window.outputWidth, channels]) { result in
      images.withPointer { from in
        weights.withPointer { weights in
          bias.withPointer { bias in
            nonisolated(unsafe) let (result, from, weights, bias) = (result, from, weights, bias)
            workers.split(images.shape[0]) { range in
              windows.forEach(range, of: from) { walk, image, index in
                FloatKernels.best.pointee.depthwise_walk(
                  walk, image, weights, bias, result + index * windows.outputCount, low, high)
              }
            }
          }
        }
      }
    }
  }
}
