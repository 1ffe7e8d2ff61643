import Graph

extension Architecture {
  /// Inputs for networks without training: for pictures, smooth random ones with some noise, as the preprocessing
  /// gives them; for signals, waves with noise; for anything else, numbers in −1…1. The same seed gives the same ones
  /// on every machine.
  public func randomInputs(_ count: Int, shape: [Int], seed: UInt64) -> [Tensor] {
    var random = RandomNumbers(seed: seed)
    return (0..<count).map { _ in
      guard shape.count == 4, shape[1] > 1 else { return randomSignal(shape, &random) }
      return randomPicture(shape, &random)
    }
  }

  private func randomSignal(_ shape: [Int], _ random: inout RandomNumbers) -> Tensor {
    let channels = shape.last ?? 1
    let phases = (0..<channels).map { _ in 6.28 * random.next() }
    let steps = (0..<channels).map { _ in 0.05 + 0.3 * random.next() }
    var values: [Float] = []
    for index in 0..<shape.reduce(1, *) {
      let (place, channel) = (Float(index / channels), index % channels)
      let wave = phases[channel] + steps[channel] * place
      // A parabola in place of a sine: the same on every machine.
      let turn = (wave / 6.28 - (wave / 6.28).rounded(.down)) * 2 - 1
      values.append(0.8 * turn * (1 - abs(turn)) * 4 + 0.4 * random.next() - 0.2)
    }
    return Tensor(shape: shape, values: values)
  }

  /// Five by five random colors, blended linearly, and noise of a tenth of the range.
  private func randomPicture(_ shape: [Int], _ random: inout RandomNumbers) -> Tensor {
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let grid = (0..<25 * channels).map { _ in 255 * random.next() }
    var values: [Float] = []
    values.reserveCapacity(height * width * channels)
    for y in 0..<height {
      let (row, down) = Self.place(y, of: height)
      for x in 0..<width {
        let (column, right) = Self.place(x, of: width)
        for channel in 0..<channels {
          func color(_ row: Int, _ column: Int) -> Float { grid[(row * 5 + column) * channels + channel] }
          let above = color(row, column) * (1 - right) + color(row, column + 1) * right
          let below = color(row + 1, column) * (1 - right) + color(row + 1, column + 1) * right
          let smooth = above * (1 - down) + below * down
          let pixel = min(255, max(0, smooth + 25.5 * (random.next() - 0.5)))
          let rules = min(channel, preprocessing.mean.count - 1)
          values.append((pixel - preprocessing.mean[rules]) / preprocessing.standardDeviation[rules])
        }
      }
    }
    return Tensor(shape: shape, values: values)
  }

  /// The cell of the grid that a pixel lies in, and how far on it lies in it, 0…1.
  private static func place(_ position: Int, of size: Int) -> (cell: Int, share: Float) {
    let place = Float(position) / Float(max(1, size - 1)) * 4
    let cell = min(3, Int(place))
    return (cell, place - Float(cell))
  }
}
