/// Where the pixels of a resized axis come from: the coordinates and roundings of the ONNX specification.
public struct ResizeAxis: Hashable, Sendable {
  /// The place of output pixel x on the input's axis.
  public enum Coordinates: Hashable, Sendable {
    /// (x + 0.5) / scale − 0.5.
    case halfPixel
    /// As `halfPixel`, but 0 when the output has one pixel.
    case halfPixelUnlessSingle
    /// As `halfPixel`, with the centers of both axes at one place when the size was rounded.
    case halfPixelSymmetric
    /// x / scale.
    case asymmetric
    /// x · (input − 1) / (output − 1): the first and the last pixels stay.
    case alignCorners
    /// (x + 0.5) / scale.
    case halfPixelUnshifted
  }

  /// What is taken at a place between pixels.
  public enum Sampling: Hashable, Sendable {
    /// The nearest pixel; of two, the former.
    case nearestPreferFormer
    /// The nearest pixel; of two, the latter.
    case nearestPreferLatter
    /// The pixel before.
    case former
    /// The pixel after.
    case latter
    /// A mean of both, by their nearness.
    case linear
    /// Cubic convolution of the four around, with the slope −0.75 or so at a distance of 1 (Keys 1981). Pixels outside the
    /// image are its border's, or they do not count and the others count more.
    case cubic(slope: Float, excludesOutside: Bool)
  }

  /// An input pixel and its weight; those of an output pixel add up to 1.
  struct Tap: Equatable {
    var index: Int
    var weight: Float
  }

  /// Output pixels for an input pixel.
  public var scale: Float
  /// The rule of places.
  public var coordinates: Coordinates
  /// Input pixels for an output pixel, where the source multiplies by it (TFLite) instead of dividing by the scale (ONNX):
  /// the two round differently.
  public var step: Float?

  /// An axis of this scale.
  public init(scale: Float, coordinates: Coordinates, step: Float? = nil) {
    self.scale = scale
    self.coordinates = coordinates
    self.step = step
  }

  /// The input pixels of each output pixel, one, two or four; places outside the image are moved to its border.
  func taps(input: Int, output: Int, _ sampling: Sampling) -> [[Tap]] {
    (0..<output).map { index in
      let place = place(Float(index), Float(input), Float(output))
      if case .cubic(let slope, let excludesOutside) = sampling {
        return cubicTaps(place, input: input, slope: slope, excludesOutside: excludesOutside)
      }
      let nearest =
        switch sampling {
        case .nearestPreferFormer: (place - 0.5).rounded(.up)
        case .nearestPreferLatter: (place + 0.5).rounded(.down)
        case .former, .linear, .cubic: place.rounded(.down)
        case .latter: place.rounded(.up)
        }
      let inside = max(0, min(Float(input - 1), nearest))
      let first = Int(inside)
      guard sampling == .linear else { return [Tap(index: first, weight: 1)] }
      let weight = max(0, min(Float(input - 1), place)) - inside
      return [Tap(index: first, weight: 1 - weight), Tap(index: min(input - 1, first + 1), weight: weight)]
    }
  }

  private func cubicTaps(_ place: Float, input: Int, slope a: Float, excludesOutside: Bool) -> [Tap] {
    let whole = place.rounded(.down)
    let rest = place - whole
    func near(_ d: Float) -> Float { ((a + 2) * d - (a + 3)) * d * d + 1 }
    func far(_ d: Float) -> Float { ((a * d - 5 * a) * d + 8 * a) * d - 4 * a }
    var weights = [far(1 + rest), near(rest), near(1 - rest), far(2 - rest)]
    let first = Int(max(-4, min(Float(input + 4), whole))) - 1
    if excludesOutside {
      for position in 0..<4 where !(0..<input).contains(first + position) { weights[position] = 0 }
      let sum = weights.reduce(0, +)
      if sum != 0 { weights = weights.map { $0 / sum } }
    }
    return (0..<4).map { Tap(index: max(0, min(input - 1, first + $0)), weight: weights[$0]) }
  }

  private func place(_ x: Float, _ input: Float, _ output: Float) -> Float {
    switch coordinates {
    case .halfPixel: unscaled(x + 0.5) - 0.5
    case .halfPixelUnlessSingle: output > 1 ? unscaled(x + 0.5) - 0.5 : 0
    case .halfPixelSymmetric: input / 2 * (1 - output / (scale * input)) + unscaled(x + 0.5) - 0.5
    case .asymmetric: unscaled(x)
    case .alignCorners: output > 1 ? x * (input - 1) / (output - 1) : 0
    case .halfPixelUnshifted: unscaled(x + 0.5)
    }
  }

  private func unscaled(_ x: Float) -> Float { step.map { x * $0 } ?? x / scale }
}
