/// How a picture becomes a network's input: sizes, channels, and (x − mean) ÷ standard deviation.
public struct Preprocessing: Sendable, Equatable {
  /// How a picture of any size becomes `width` × `height` pixels.
  public enum ResizeRule: Sendable, Equatable {
    /// Both sides are resized on their own; the proportions change.
    case stretch
    /// The shorter side is resized to so many pixels, the longer one in proportion; then the center is cut out.
    case shorterSideThenCrop(shorterSide: Int)
    /// The central rectangle of the network's proportions, with this fraction (0…1] of the largest that fits, is
    /// cut out, then resized.
    case cropThenResize(fraction: Double)
  }

  /// Which color comes first in the tensor's channels.
  public enum ChannelOrder: UInt32, Sendable {
    case redFirst = 0
    case blueFirst = 1
  }

  /// Columns of the network's input.
  public var width: Int
  /// Rows of the network's input.
  public var height: Int
  /// Channels of the network's input, 1 or 3.
  public var channels: Int
  /// How a picture gets the input's size.
  public var resizeRule: ResizeRule
  /// Whether each pixel counts where a picture shrinks (Pillow, torchvision), or only the two nearest of each axis
  /// (TensorFlow's `resize_bilinear`).
  public var isAntialiased: Bool
  /// Which color comes first.
  public var channelOrder: ChannelOrder
  /// Subtracted, for each of the network's channels in the network's order, in units of 0…255.
  public var mean: [Float]
  /// Divided by, for each of the network's channels in the network's order, in units of 0…255.
  public var standardDeviation: [Float]

  /// Preprocessing with the given parts. `mean` and `standardDeviation` have one value a channel, or one for all.
  public init(
    width: Int, height: Int, channels: Int = 3, resizeRule: ResizeRule, isAntialiased: Bool = true,
    channelOrder: ChannelOrder = .redFirst,
    mean: [Float] = [0], standardDeviation: [Float] = [1]
  ) throws(DatasetError) {
    func perChannel(_ values: [Float]) -> [Float] {
      values.count == 1 ? [Float](repeating: values[0], count: max(0, channels)) : values
    }
    self.width = width
    self.height = height
    self.channels = channels
    self.resizeRule = resizeRule
    self.isAntialiased = isAntialiased
    self.channelOrder = channelOrder
    self.mean = perChannel(mean)
    self.standardDeviation = perChannel(standardDeviation)
    try check()
  }

  /// Throws a sentence where the parts do not fit together.
  public func check() throws(DatasetError) {
    guard 1...65535 ~= width, 1...65535 ~= height else {
      throw DatasetError("A network's input of \(width)×\(height) pixels cannot be filled from pictures.")
    }
    guard channels == 1 || channels == 3 else {
      throw DatasetError("Pictures fill inputs of 1 or 3 channels; this network has \(channels): feed it .npy arrays.")
    }
    guard mean.count == channels, standardDeviation.count == channels else {
      throw DatasetError("The mean and the standard deviation need 1 or \(channels) values.")
    }
    guard mean.allSatisfy(\.isFinite), standardDeviation.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw DatasetError("The mean must be finite, and the standard deviation finite and over 0.")
    }
    switch resizeRule {
    case .stretch: break
    case .shorterSideThenCrop(let shorterSide):
      guard shorterSide >= min(width, height), shorterSide <= 65535 else {
        throw DatasetError(
          "The shorter side is resized to \(shorterSide) pixels, from which \(width)×\(height) cannot be cut.")
      }
    case .cropThenResize(let fraction):
      guard fraction > 0, fraction <= 1 else {
        throw DatasetError("A crop fraction of \(fraction) is not between 0 and 1.")
      }
    }
  }

  /// The rule for a crop fraction f of a network of n pixels: the shorter side becomes round(n ÷ f), and the central n
  /// are cut out.
  public static func rule(cropFraction: Double, width: Int, height: Int) throws(DatasetError) -> ResizeRule {
    guard cropFraction > 0.01, cropFraction <= 1 else {
      throw DatasetError("A crop fraction of \(cropFraction) is not between 0.01 and 1.")
    }
    return .shorterSideThenCrop(shorterSide: Int((Double(min(width, height)) / cropFraction).rounded()))
  }
}
