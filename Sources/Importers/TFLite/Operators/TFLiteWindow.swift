import Graph

/// The sliding window of a convolution or pooling along both axes of an N×H×W×C image.
struct TFLiteWindow {
  var stride: Size2D
  var dilation = Size2D.one
  var padding: Padding2D

  /// SAME padding is that of TensorFlow: as many places as the image has strides, the odd pixel below and to the right.
  /// - Parameter padding: 0 for SAME, 1 for VALID.
  init(
    image: [Int], kernel: Size2D, stride: Size2D, dilation: Size2D = .one, padding code: Int
  ) throws(Unsupported) {
    guard image.count == 4 else { throw .damaged("its input of shape \(image) is no image") }
    let sizes = [kernel, stride, dilation].flatMap { [$0.height, $0.width] }
    guard sizes.allSatisfy({ (1...1 << 16).contains($0) }), code == 0 || code == 1 else {
      throw .damaged("its kernel, strides or dilations \(sizes) or its padding \(code) are impossible")
    }
    self.stride = stride
    self.dilation = dilation
    let isSame = code == 0
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
