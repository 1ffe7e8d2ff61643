import Graph

/// What a network may be built differently from its design.
public struct ArchitectureOptions: Hashable, Sendable {
  /// What the parameters are.
  public enum Weights: Hashable, Sendable {
    /// Random, from the seed.
    case random
    /// Not there: they have names and shapes alone, and the network cannot be evaluated.
    case absent
  }

  /// Height and width of the input image; nil takes the design's. A signal's length is the product.
  public var inputSize: Size2D?
  /// Number of classes; nil takes the design's.
  public var classes: Int?
  /// Hidden channels relative to the design, 0.01…16; scaled ones are multiples of 8.
  public var width: Double
  /// Decides the random initial weights: the same seed gives the same weights on every machine.
  public var seed: UInt64
  /// What the parameters are.
  public var weights: Weights
  /// How random weights are distributed.
  public var distribution = WeightDistribution.he
  /// Whether to add what only training needs: auxiliary classifiers, as further outputs.
  public var forTraining: Bool

  /// Options; the defaults give the network as designed.
  public init(
    inputSize: Size2D? = nil, classes: Int? = nil, width: Double = 1, seed: UInt64 = 0, weights: Weights = .random,
    forTraining: Bool = false
  ) {
    self.inputSize = inputSize
    self.classes = classes
    self.width = width
    self.seed = seed
    self.weights = weights
    self.forTraining = forTraining
  }
}

/// How an image becomes the network's input: (pixel − mean) ÷ standardDeviation for each channel, pixels 0–255, RGB.
public struct ArchitecturePreprocessing: Hashable, Sendable {
  /// One a channel.
  public var mean: [Float]
  /// One a channel.
  public var standardDeviation: [Float]
  /// The center crop's share of the resized image's short side.
  public var cropFraction: Float

  /// ImageNet statistics, as PyTorch's networks expect.
  public static let imagenet = ArchitecturePreprocessing(
    mean: [123.675, 116.28, 103.53], standardDeviation: [58.395, 57.12, 57.375], cropFraction: 0.875)
  /// Pixels mapped to −1…1, as Inception networks expect.
  public static let inception = ArchitecturePreprocessing(
    mean: [127.5, 127.5, 127.5], standardDeviation: [127.5, 127.5, 127.5], cropFraction: 0.875)
  /// (pixel − 127) ÷ 128, as TensorFlow's EfficientNet-Lite networks expect.
  public static let efficientNetLite = ArchitecturePreprocessing(
    mean: [127, 127, 127], standardDeviation: [128, 128, 128], cropFraction: 0.875)
  /// ImageNet statistics on whole images of 32×32.
  public static let cifar10 = ArchitecturePreprocessing(
    mean: [123.675, 116.28, 103.53], standardDeviation: [58.395, 57.12, 57.375], cropFraction: 1)
  /// Pixel ÷ 255, one channel.
  public static let mnist = ArchitecturePreprocessing(mean: [0], standardDeviation: [255], cropFraction: 1)
  /// Pixel ÷ 255, RGB, whole images.
  public static let unit = ArchitecturePreprocessing(
    mean: [0, 0, 0], standardDeviation: [255, 255, 255], cropFraction: 1)
  /// Numbers as they are: `channels` of them a place.
  public static func raw(channels: Int) -> ArchitecturePreprocessing {
    ArchitecturePreprocessing(
      mean: Array(repeating: 0, count: channels), standardDeviation: Array(repeating: 1, count: channels),
      cropFraction: 1)
  }
}
