import Graph

/// Operators written as their formulas say, in double precision: what the fast engine is compared with.
enum Definition {
  /// A grouped convolution; `depthwise` is one with OC×KH×KW×1 weights and as many groups as channels.
  static func convolution(
    _ image: Tensor, _ weights: Tensor, _ bias: Tensor, output: [Int], stride: Size2D, dilation: Size2D,
    padding: Padding2D, groups: Int
  ) -> Tensor {
    let (depth, groupOutputs) = (weights.shape[3], weights.shape[0] / groups)
    let (height, width, channels) = (image.shape[1], image.shape[2], image.shape[3])
    return image.values.withUnsafeBufferPointer { input in
      weights.values.withUnsafeBufferPointer { taps in
        Tensor(shape: output) { place in
          var sum = Double(bias.values[place[3]])
          for ky in 0..<weights.shape[1] {
            let y = place[1] * stride.height - padding.top + ky * dilation.height
            for kx in 0..<weights.shape[2] {
              let x = place[2] * stride.width - padding.left + kx * dilation.width
              guard y >= 0, y < height, x >= 0, x < width else { continue }
              var from = ((place[0] * height + y) * width + x) * channels + place[3] / groupOutputs * depth
              var tap = ((place[3] * weights.shape[1] + ky) * weights.shape[2] + kx) * depth
              let end = tap + depth
              while tap < end {
                sum += Double(input[from]) * Double(taps[tap])
                from += 1
                tap += 1
              }
            }
          }
          return Float(sum)
        }
      }
    }
  }

  /// The values of each window that lie inside the image, with the window's taps inside the padded image.
  static func pool(
    _ image: Tensor, output: [Int], window: Size2D, stride: Size2D, dilation: Size2D, padding: Padding2D,
    _ reduce: ([Float], Int) -> Float
  ) -> Tensor {
    Tensor(shape: output) { place in
      var (values, padded): ([Float], Int) = ([], 0)
      for ky in 0..<window.height {
        for kx in 0..<window.width {
          let y = place[1] * stride.height - padding.top + ky * dilation.height
          let x = place[2] * stride.width - padding.left + kx * dilation.width
          if y < image.shape[1] + padding.bottom, x < image.shape[2] + padding.right { padded += 1 }
          guard (0..<image.shape[1]).contains(y), (0..<image.shape[2]).contains(x) else { continue }
          values.append(image[place[0], y, x, place[3]])
        }
      }
      return reduce(values, padded)
    }
  }
}
