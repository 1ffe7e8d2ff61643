import Graph

/// How a convolution or pooling pads its image.
enum Padding {
  /// Half the kernel on every side, rounded down: what keeps the size at stride 1.
  case half
  /// The same number on every side.
  case symmetric(Int)
  /// TensorFlow's "SAME": ⌈size ÷ stride⌉ outputs; of an odd number the greater part goes below and right.
  case same

  /// None.
  static let none = Padding.symmetric(0)

  func amounts(_ image: [Int], _ kernel: Size2D, _ stride: Size2D) -> Padding2D {
    switch self {
    case .half:
      let (rows, columns) = (kernel.height / 2, kernel.width / 2)
      return Padding2D(top: rows, left: columns, bottom: rows, right: columns)
    case .symmetric(let amount):
      return Padding2D(top: amount, left: amount, bottom: amount, right: amount)
    case .same:
      let rows = Self.total(image[1], kernel.height, stride.height)
      let columns = Self.total(image[2], kernel.width, stride.width)
      return Padding2D(top: rows / 2, left: columns / 2, bottom: rows - rows / 2, right: columns - columns / 2)
    }
  }

  private static func total(_ size: Int, _ kernel: Int, _ stride: Int) -> Int {
    let outputs = (size + stride - 1) / stride
    return max(0, (outputs - 1) * stride + kernel - size)
  }
}
