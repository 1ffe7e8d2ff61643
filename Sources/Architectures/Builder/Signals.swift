import Graph

/// Layers of signals, which are images of one row within the graph: L samples of C channels.
extension NetworkBuilder {
  /// A convolution along the signal.
  mutating func convolution1D(
    _ name: String, _ x: ValueID, channels: Int, kernel: Int, stride: Int = 1, padding: Padding = .half,
    groups: Int = 1, hasBias: Bool = false
  ) throws(GraphError) -> ValueID {
    try convolution(
      name, x, channels: channels, kernel: Size2D(1, kernel), stride: Size2D(1, stride), padding: padding,
      groups: groups, hasBias: hasBias)
  }

  /// A convolution of each channel by itself along the signal.
  mutating func depthwise1D(
    _ name: String, _ x: ValueID, kernel: Int, stride: Int = 1, padding: Padding = .half, hasBias: Bool = false
  ) throws(GraphError) -> ValueID {
    try depthwise(
      name, x, kernel: Size2D(1, kernel), stride: Size2D(1, stride), padding: padding, hasBias: hasBias)
  }

  /// Maxima of stretches of `window` samples.
  mutating func maxPool1D(
    _ x: ValueID, window: Int, stride: Int? = nil, padding: Padding = .none, name: String
  ) throws(GraphError) -> ValueID {
    try maxPool(
      x, window: Size2D(1, window), stride: Size2D(1, stride ?? window), padding: padding, name: name)
  }

  /// Means of stretches of `window` samples.
  mutating func averagePool1D(
    _ x: ValueID, window: Int, stride: Int? = nil, padding: Padding = .none, name: String
  ) throws(GraphError) -> ValueID {
    try averagePool(
      x, window: Size2D(1, window), stride: Size2D(1, stride ?? window), padding: padding, name: name)
  }
}
