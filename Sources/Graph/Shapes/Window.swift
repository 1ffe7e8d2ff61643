/// A sliding window along one axis of an image.
struct WindowAxis: Hashable, Sendable {
  var input: Int
  var window: Int
  var stride: Int
  var dilation: Int
  var before: Int
  var after: Int

  /// Input positions from the first tap to the last.
  var extent: Int { (window - 1) * dilation + 1 }

  /// Places where the window fits. Rounding up adds a last place that hangs over the end, as long as it begins
  /// inside the image or the padding before it.
  func outputCount(roundsUp: Bool) -> Int {
    let room = input + before + after - extent
    guard room >= 0 else { return 0 }
    guard roundsUp else { return room / stride + 1 }
    let count = (room + stride - 1) / stride + 1
    return (count - 1) * stride >= input + before ? count - 1 : count
  }

  /// The input position of the first tap; negative in the padding.
  func start(_ output: Int) -> Int { output * stride - before }

  /// The taps of a place that lie inside the image.
  func taps(_ output: Int) -> Range<Int> {
    let start = start(output)
    let lower = start >= 0 ? 0 : min(window, (dilation - 1 - start) / dilation)
    let upper = start >= input ? 0 : min(window, (input - 1 - start) / dilation + 1)
    return lower..<max(lower, upper)
  }

  /// The taps of a place that lie inside the image or its padding.
  func paddedTapCount(_ output: Int) -> Int {
    let room = input + after - 1 - start(output)
    return room < 0 ? 0 : min(window, room / dilation + 1)
  }

  /// Taps inside the image, over all places.
  func tapCount(outputs: Int) -> Int {
    (0..<outputs).reduce(0) { $0 + taps($1).count }
  }
}

/// A sliding window over an image's rows and columns.
struct Window2D: Hashable, Sendable {
  var rows: WindowAxis
  var columns: WindowAxis
  var outputHeight: Int
  var outputWidth: Int

  /// - Throws: when the window does not fit the padded image or an attribute is impossible.
  init(
    image: [Int], window: Size2D, stride: Size2D, dilation: Size2D = .one, padding: Padding2D, roundsUp: Bool = false
  ) throws(GraphError) {
    try expectImage(image)
    let attributes = [
      ("kernel height", window.height, 1), ("kernel width", window.width, 1), ("stride", stride.height, 1),
      ("stride", stride.width, 1), ("dilation", dilation.height, 1), ("dilation", dilation.width, 1),
      ("padding at the top", padding.top, 0), ("padding at the left", padding.left, 0),
      ("padding at the bottom", padding.bottom, 0), ("padding at the right", padding.right, 0),
    ]
    for (name, value, least) in attributes { try expect(value, in: least...largestAttribute, "the \(name)") }
    self.init(uncheckedImage: image, window, stride, dilation, padding, roundsUp)
    guard outputHeight > 0, outputWidth > 0 else {
      throw GraphError(
        "a \(rows.extent)×\(columns.extent) window does not fit into the padded image of "
          + "\(rows.input + rows.before + rows.after)×\(columns.input + columns.before + columns.after)")
    }
  }

  /// For attributes and shapes that were checked before.
  init(
    uncheckedImage image: [Int], _ window: Size2D, _ stride: Size2D, _ dilation: Size2D, _ padding: Padding2D,
    _ roundsUp: Bool = false
  ) {
    rows = WindowAxis(
      input: image[1], window: window.height, stride: stride.height, dilation: dilation.height, before: padding.top,
      after: padding.bottom)
    columns = WindowAxis(
      input: image[2], window: window.width, stride: stride.width, dilation: dilation.width, before: padding.left,
      after: padding.right)
    outputHeight = rows.outputCount(roundsUp: roundsUp)
    outputWidth = columns.outputCount(roundsUp: roundsUp)
  }

  /// Taps inside the image, over all places.
  var tapCount: Int { rows.tapCount(outputs: outputHeight) * columns.tapCount(outputs: outputWidth) }
}
