import Graph

/// Where a weighted layer reads its input: for an output position, the column of values that the weights of one output
/// channel multiply, in the order of the weights. What lies outside the image is 0.
struct LayerColumns: Sendable {
  /// Values of a column: of one group of a dense layer; of all channels, tap by tap, of a depthwise one.
  let count: Int
  /// Columns side by side at one position.
  let groups: Int
  /// Output positions of one example.
  let positions: Int
  let isDepthwise: Bool
  /// Taps of the kernel.
  let taps: Int
  private let channels: Int
  private let input: Size2D
  private let outputWidth: Int
  private let kernel: Size2D
  private let stride: Size2D
  private let dilation: Size2D
  private let padding: Padding2D

  /// Nil when the node has no constant weights.
  init?(_ graph: Graph, _ node: Node) {
    guard LinearLayer.isOne(node.operation), let weights = graph[node.inputs[1]].constant else { return nil }
    let shape = graph[node.inputs[0]].shape
    guard let channels = shape.last, channels > 0 else { return nil }
    self.channels = channels
    switch node.operation {
    case let operation as Conv2D:
      (kernel, groups, isDepthwise) = (Size2D(weights.shape[1], weights.shape[2]), operation.groups, false)
      (stride, dilation, padding) = (operation.stride, operation.dilation, operation.padding)
    case let operation as DepthwiseConv2D:
      (kernel, groups, isDepthwise) = (Size2D(weights.shape[0], weights.shape[1]), 1, true)
      (stride, dilation, padding) = (operation.stride, operation.dilation, operation.padding)
    default:
      (kernel, groups, isDepthwise) = (.one, 1, false)
      (stride, dilation, padding) = (.one, .one, .zero)
    }
    taps = kernel.height * kernel.width
    count = taps * channels / groups
    let output = graph[node.outputs[0]].shape
    if shape.count == 4, output.count == 4, !(node.operation is FullyConnected) {
      guard shape[0] == 1 else { return nil }
      (input, outputWidth) = (Size2D(shape[1], shape[2]), output[2])
    } else {
      let positions = shape.dropLast().reduce(1, *)
      (input, outputWidth) = (Size2D(1, positions), positions)
    }
    positions = output.dropLast().reduce(1, *)
  }

  /// Writes the column of `group` at an output position.
  func write(
    _ position: Int, group: Int, of values: UnsafeBufferPointer<Float>, to column: UnsafeMutablePointer<Float>
  ) {
    let (row, x) = position.quotientAndRemainder(dividingBy: outputWidth)
    let depth = channels / groups
    var into = column
    for tapRow in 0..<kernel.height {
      let inputRow = row * stride.height + tapRow * dilation.height - padding.top
      for tap in 0..<kernel.width {
        let inputColumn = x * stride.width + tap * dilation.width - padding.left
        if (0..<input.height).contains(inputRow), (0..<input.width).contains(inputColumn) {
          let from = (inputRow * input.width + inputColumn) * channels + group * depth
          for channel in 0..<depth { into[channel] = values[from + channel].isFinite ? values[from + channel] : 0 }
        } else {
          into.update(repeating: 0, count: depth)
        }
        into += depth
      }
    }
  }

  /// Positions of an example at which columns are looked at: at most `limit`, one at random in each of as many equal
  /// stretches. The same for the same seed.
  func sample(limit: Int, seed: UInt64) -> [Int] {
    guard positions > limit else { return Array(0..<positions) }
    var random = seed
    return (0..<limit).map { part in
      let (first, end) = (positions * part / limit, positions * (part + 1) / limit)
      return first + Int(nextRandom(&random) % UInt64(end - first))
    }
  }
}

/// The next of a sequence of well mixed numbers (Steele, Lea and Flood's SplitMix64).
private func nextRandom(_ state: inout UInt64) -> UInt64 {
  state &+= 0x9E37_79B9_7F4A_7C15
  var mixed = state
  mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
  mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
  return mixed ^ (mixed >> 31)
}
