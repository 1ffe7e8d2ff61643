import Graph

/// Layers without weights.
extension NetworkBuilder {
  mutating func activation(
    _ function: Activation.Function, _ x: ValueID, name: String
  ) throws(GraphError) -> ValueID {
    try apply(Activation(function), x, name: name)
  }

  mutating func relu(_ x: ValueID, name: String) throws(GraphError) -> ValueID {
    try activation(.relu, x, name: name)
  }

  mutating func add(_ a: ValueID, _ b: ValueID, name: String) throws(GraphError) -> ValueID {
    try apply(Add(), a, b, name: name)
  }

  /// Joins images along the channels.
  mutating func concat(_ parts: [ValueID], name: String) throws(GraphError) -> ValueID {
    try apply(Concat(axis: 3), to: parts, name: name)
  }

  /// Maxima of windows; they touch each other unless a stride is given.
  mutating func maxPool(
    _ x: ValueID, window: Size2D, stride: Size2D? = nil, padding: Padding = .none, roundsUp: Bool = false, name: String
  ) throws(GraphError) -> ValueID {
    let stride = stride ?? window
    let amounts = padding.amounts(shape(x), window, stride)
    return try apply(
      MaxPool2D(window: window, stride: stride, dilation: .one, padding: amounts, roundsUp: roundsUp), x, name: name)
  }

  /// Maxima of square windows.
  mutating func maxPool(
    _ x: ValueID, window: Int, stride: Int? = nil, padding: Padding = .none, roundsUp: Bool = false, name: String
  ) throws(GraphError) -> ValueID {
    try maxPool(
      x, window: Size2D(window, window), stride: stride.map { Size2D($0, $0) }, padding: padding, roundsUp: roundsUp,
      name: name)
  }

  /// Means of windows; padding counts in the divisor only if it is told to.
  mutating func averagePool(
    _ x: ValueID, window: Size2D, stride: Size2D, padding: Padding = .none, countsPadding: Bool = false,
    roundsUp: Bool = false, name: String
  ) throws(GraphError) -> ValueID {
    let amounts = padding.amounts(shape(x), window, stride)
    return try apply(
      AveragePool2D(
        window: window, stride: stride, padding: amounts, countsPadding: countsPadding, roundsUp: roundsUp), x,
      name: name)
  }

  /// Means of square windows.
  mutating func averagePool(
    _ x: ValueID, window: Int, stride: Int, padding: Padding = .none, countsPadding: Bool = false,
    roundsUp: Bool = false, name: String
  ) throws(GraphError) -> ValueID {
    try averagePool(
      x, window: Size2D(window, window), stride: Size2D(stride, stride), padding: padding,
      countsPadding: countsPadding, roundsUp: roundsUp, name: name)
  }

  mutating func globalAveragePool(_ x: ValueID, name: String) throws(GraphError) -> ValueID {
    let window = Size2D(shape(x)[1], shape(x)[2])
    return try apply(
      AveragePool2D(window: window, stride: .one, padding: .zero, countsPadding: false), x, name: name)
  }
}
