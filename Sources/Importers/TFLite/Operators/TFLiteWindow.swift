import Graph

/// The sliding window of a convolution or pooling along both axes of an N×H×W×C image.
struct TFLiteWindow {
  var stride: Size2D
  var dilation = Size2D.one
  var padding: Padding2D

  /// SAME padding is that of TensorFlow: as many places as the image has strides, the odd pixel below and to the right.
  /// - Parameters:
  ///   - padding: 0 for SAME, 1 for VALID.
  ///   - spread: how the file takes the image apart, if it does: the window is then that of the whole image.
  init(
    image: [Int], kernel: Size2D, stride: Size2D, dilation: Size2D = .one, padding code: Int,
    spread: TFLiteSpread? = nil
  ) throws(Unsupported) {
    guard image.count == 4 else { throw .damaged("its input of shape \(image) is no image") }
    let sizes = [kernel, stride, dilation].flatMap { [$0.height, $0.width] }
    guard sizes.allSatisfy({ (1...1 << 16).contains($0) }), code == 0 || code == 1 else {
      throw .damaged("its kernel, strides or dilations \(sizes) or its padding \(code) are impossible")
    }
    self.stride = stride
    self.dilation = dilation
    let isSame = code == 0
    if let spread {
      guard stride == .one else {
        throw Unsupported("it strides between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND", "Convert again")
      }
      let (block, around) = (spread.block, spread.padding)
      let height = (image[1] + around.top + around.bottom) / block.height
      let width = (image[2] + around.left + around.right) / block.width
      let rows = Self.padding(height, kernel.height, 1, dilation.height, isSame)
      let columns = Self.padding(width, kernel.width, 1, dilation.width, isSame)
      self.dilation = Size2D(dilation.height * block.height, dilation.width * block.width)
      padding = Padding2D(
        top: around.top + rows.before * block.height, left: around.left + columns.before * block.width,
        bottom: around.bottom + rows.after * block.height, right: around.right + columns.after * block.width)
      return
    }
    let rows = Self.padding(image[1], kernel.height, stride.height, dilation.height, isSame)
    let columns = Self.padding(image[2], kernel.width, stride.width, dilation.width, isSame)
    padding = Padding2D(top: rows.before, left: columns.before, bottom: rows.after, right: columns.after)
  }

  private static func padding(
    _ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ isSame: Bool
  ) -> (before: Int, after: Int) {
    guard isSame else { return (0, 0) }
    let places = (input + stride - 1) / stride
    let total = max(0, (places - 1) * stride + (kernel - 1) * dilation + 1 - input)
    return (total / 2, total - total / 2)
  }
}
