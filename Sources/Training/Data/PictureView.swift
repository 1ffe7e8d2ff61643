import Graph

/// Where one changed picture's pixels come from.
struct PictureView {
  /// A part of the picture that is enlarged to all of it.
  struct Window {
    let top: Float
    let left: Float
    /// Its sides, relative to the picture's.
    let scale: Float
  }

  let height: Int
  let width: Int
  var down = 0
  var right = 0
  var isFlipped = false
  var blankRows = 0..<0
  var blankColumns = 0..<0
  var border = Augmentation.Border.mean
  var noiseSeed: UInt64 = 0
  var window: Window?
  /// Added to each channel; empty: nothing.
  var colorShift: [Float] = []

  init(height: Int, width: Int) { (self.height, self.width) = (height, width) }

  /// The pixel's place in the picture; nil where it has the data's mean, or noise.
  func source(row: Int, column: Int) -> (row: Int, column: Int)? {
    if isBlank(row: row, column: column) { return nil }
    let (y, x) = (row + down, (isFlipped ? width - 1 - column : column) + right)
    if (0..<height).contains(y), (0..<width).contains(x) { return (y, x) }
    switch border {
    case .mean, .noise, .random: return nil
    case .edge: return (min(max(y, 0), height - 1), min(max(x, 0), width - 1))
    case .wrap: return (wrapped(y, height), wrapped(x, width))
    case .reflect: return (reflected(y, height), reflected(x, width))
    }
  }

  func isBlank(row: Int, column: Int) -> Bool { blankRows.contains(row) && blankColumns.contains(column) }

  private func wrapped(_ place: Int, _ count: Int) -> Int { (place % count + count) % count }

  private func reflected(_ place: Int, _ count: Int) -> Int {
    guard count > 1 else { return 0 }
    let folded = wrapped(place, 2 * count - 2)
    return folded < count ? folded : 2 * count - 2 - folded
  }

  /// Writes the changed picture's pixels, 0–255 a channel; what is outside keeps what `pixel` does not set.
  /// - Parameters:
  ///   - picture: H×W×C.
  ///   - pixel: gets the place (row × width + column), the channel and the value.
  func write(_ picture: UnsafeBufferPointer<UInt8>, channels: Int, pixel: (Int, Int, Float) -> Void) {
    var noise = SplitMix64(seed: noiseSeed)
    for row in 0..<height {
      for column in 0..<width {
        let place = row * width + column
        guard let source = source(row: row, column: column) else {
          guard border == .noise, !isBlank(row: row, column: column) else { continue }
          let bits = noise.next()
          for channel in 0..<channels { pixel(place, channel, Float((bits >> (8 * UInt64(channel % 8))) & 0xFF)) }
          continue
        }
        for channel in 0..<channels {
          var value: Float
          if let window {
            value = sample(picture, channels, channel, source, window)
          } else {
            value = Float(picture[(source.row * width + source.column) * channels + channel])
          }
          if channel < colorShift.count { value += colorShift[channel] }
          pixel(place, channel, value)
        }
      }
    }
  }

  /// Bilinear, between pixels' centers.
  private func sample(
    _ picture: UnsafeBufferPointer<UInt8>, _ channels: Int, _ channel: Int, _ place: (row: Int, column: Int),
    _ window: Window
  ) -> Float {
    let y = min(max(window.top + (Float(place.row) + 0.5) * window.scale - 0.5, 0), Float(height - 1))
    let x = min(max(window.left + (Float(place.column) + 0.5) * window.scale - 0.5, 0), Float(width - 1))
    let (top, left) = (Int(y), Int(x))
    let (bottom, right) = (min(top + 1, height - 1), min(left + 1, width - 1))
    func at(_ row: Int, _ column: Int) -> Float { Float(picture[(row * width + column) * channels + channel]) }
    let (down, across) = (y - Float(top), x - Float(left))
    let above = at(top, left) + across * (at(top, right) - at(top, left))
    let below = at(bottom, left) + across * (at(bottom, right) - at(bottom, left))
    return above + down * (below - above)
  }
}
