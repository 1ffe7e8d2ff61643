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
  }

  /// Two input pixels and the second one's weight, 0…1.
  struct Tap: Equatable {
    var first: Int
    var second: Int
    var weight: Float
  }

  /// Output pixels for an input pixel.
  public var scale: Float
  /// The rule of places.
  public var coordinates: Coordinates

  /// An axis of this scale.
  public init(scale: Float, coordinates: Coordinates) {
    self.scale = scale
    self.coordinates = coordinates
  }

  /// The input pixels of each output pixel; places outside the image are moved to its border.
  func taps(input: Int, output: Int, _ sampling: Sampling) -> [Tap] {
    (0..<output).map { index in
      let place = place(Float(index), Float(input), Float(output))
      let nearest =
        switch sampling {
        case .nearestPreferFormer: (place - 0.5).rounded(.up)
        case .nearestPreferLatter: (place + 0.5).rounded(.down)
        case .former, .linear: place.rounded(.down)
        case .latter: place.rounded(.up)
        }
      let inside = max(0, min(Float(input - 1), nearest))
      let first = Int(inside)
      guard sampling == .linear else { return Tap(first: first, second: first, weight: 0) }
      let weight = max(0, min(Float(input - 1), place)) - inside
      return Tap(first: first, second: min(input - 1, first + 1), weight: weight)
    }
  }

  private func place(_ x: Float, _ input: Float, _ output: Float) -> Float {
    switch coordinates {
    case .halfPixel: (x + 0.5) / scale - 0.5
    case .halfPixelUnlessSingle: output > 1 ? (x + 0.5) / scale - 0.5 : 0
    case .halfPixelSymmetric: input / 2 * (1 - output / (scale * input)) + (x + 0.5) / scale - 0.5
    case .asymmetric: x / scale
    case .alignCorners: output > 1 ? x * (input - 1) / (output - 1) : 0
    case .halfPixelUnshifted: (x + 0.5) / scale
    }
  }
}
