/// Poolings of layers that exist.
extension Graph {
  /// Appends minima of windows: −max(−x).
  /// - Throws: `GraphError` when the window does not fit.
  public mutating func appendMinPool(_ x: ValueID, _ pool: MaxPool2D, name: String) throws(GraphError) -> ValueID {
    let negative = try apply(Activation(.negative), x, name: "\(name).negative")
    let largest = try apply(pool, negative, name: "\(name).largest")
    return try apply(Activation(.negative), largest, name: name)
  }

  /// Appends a mixture of maxima and means of windows (Lee et al. 2016): mean + share · (maximum − mean).
  /// - Parameters:
  ///   - x: [1,H,W,C].
  ///   - pool: the windows.
  ///   - share: what each channel takes of the maxima: a BatchNormalization's scale, shift, mean and variance, each
  ///     [C], of which the first is the share and the others are 0, 0 and 1.
  ///   - name: the layer's; the nodes it is made of add to it.
  /// - Throws: `GraphError` when shapes do not fit.
  public mutating func appendMixedPool(
    _ x: ValueID, _ pool: MaxPool2D, share: [ValueID], name: String
  ) throws(GraphError) -> ValueID {
    let largest = try apply(pool, x, name: "\(name).largest")
    let mean = try apply(
      AveragePool2D(
        window: pool.window, stride: pool.stride, padding: pool.padding, countsPadding: false, roundsUp: pool.roundsUp),
      x, name: "\(name).mean")
    let distance = try apply(Subtract(), largest, mean, name: "\(name).distance")
    let part = try append(BatchNormalization(epsilon: 0), [distance] + share, name: "\(name).part")[0]
    return try apply(Add(), mean, part, name: name)
  }

  /// Appends spatial-pyramid pooling (He et al. 2014): maxima of `levels[i]` × `levels[i]` windows, joined to a vector whose
  /// length does not depend on the image's size.
  /// - Returns: [1, C · Σ levels²].
  /// - Throws: `GraphError` when a level has more windows than the image pixels.
  public mutating func appendSpatialPyramid(
    _ x: ValueID, levels: [Int], name: String
  ) throws(GraphError) -> ValueID {
    let image = self[x].shape
    try expectImage(image)
    var parts: [ValueID] = []
    for level in levels {
      try expect(level, in: 1...min(image[1], image[2]), "a level of the pyramid")
      var rows: [ValueID] = []
      for place in 0..<level * level {
        // Windows as even as can be; where they do not divide the image they share a pixel.
        let (row, column) = (place / level, place % level)
        let (top, bottom) = (row * image[1] / level, ((row + 1) * image[1] + level - 1) / level)
        let (left, right) = (column * image[2] / level, ((column + 1) * image[2] + level - 1) / level)
        let size = [1, bottom - top, right - left, image[3]]
        let part = try apply(
          Slice(begin: [0, top, left, 0], size: size, step: [1, 1, 1, 1]), x, name: "\(name).\(level).part.\(place)")
        rows.append(
          try apply(MaxPool2D(window: Size2D(size[1], size[2])), part, name: "\(name).\(level).\(place)"))
      }
      parts += rows
    }
    let joined = try append(Concat(axis: 3), parts, name: "\(name).joined")[0]
    return try apply(Reshape(shape: [1, self[joined].shape[3]]), joined, name: name)
  }

  /// Appends a ReLU whose slope below 0 is learned for each channel (He et al. 2015): max(0, x) + slope · min(0, x).
  /// - Parameters:
  ///   - x: [1,H,W,C].
  ///   - slope: a BatchNormalization's scale, shift, mean and variance, each [C]: the slopes, 0, 0 and 1.
  ///   - name: the layer's; the nodes it is made of add to it.
  /// - Throws: `GraphError` when shapes do not fit.
  public mutating func appendParametricRelu(
    _ x: ValueID, slope: [ValueID], name: String
  ) throws(GraphError) -> ValueID {
    let above = try apply(Activation(.relu), x, name: "\(name).above")
    let below = try apply(Activation(.clip(low: -.infinity, high: 0)), x, name: "\(name).below")
    let sloped = try append(BatchNormalization(epsilon: 0), [below] + slope, name: "\(name).sloped")[0]
    return try apply(Add(), above, sloped, name: name)
  }
}
