import Graph

/// A classification network as code: builds the float graph, with parameters named as in the checkpoints that people
/// published for it, so that trained weights load by name.
public protocol Architecture: Sendable {
  /// "EfficientNet-Lite0".
  var name: String { get }
  /// Other names that people use for it.
  var aliases: [String] { get }
  /// Height and width of the images that it was designed for.
  var inputSize: Size2D { get }
  /// 3 for RGB, 1 for gray.
  var inputChannels: Int { get }
  /// Classes that it was designed for.
  var classes: Int { get }
  /// How published weights expect the image.
  var preprocessing: ArchitecturePreprocessing { get }
  /// The network: input "input" [1,H,W,C], output "logits" [1,classes] without softmax, seeded random weights.
  /// - Throws: `GraphError` when the options do not fit the architecture.
  func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph
}

extension Architecture {
  /// The network as it was designed.
  public func build() throws(GraphError) -> Graph { try build(ArchitectureOptions()) }
}

/// What a network may be built differently from its design.
public struct ArchitectureOptions: Hashable, Sendable {
  /// Height and width of the input image; nil takes the design's.
  public var inputSize: Size2D?
  /// Number of classes; nil takes the design's.
  public var classes: Int?
  /// Decides the random initial weights: the same seed gives the same weights on every machine.
  public var seed: UInt64

  /// Options; the defaults give the network as designed.
  public init(inputSize: Size2D? = nil, classes: Int? = nil, seed: UInt64 = 0) {
    self.inputSize = inputSize
    self.classes = classes
    self.seed = seed
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
  /// (pixel − 127) ÷ 128, as TensorFlow's EfficientNet-Lite networks expect.
  public static let efficientNetLite = ArchitecturePreprocessing(
    mean: [127, 127, 127], standardDeviation: [128, 128, 128], cropFraction: 0.875)
  /// ImageNet statistics on whole images of 32×32.
  public static let cifar10 = ArchitecturePreprocessing(
    mean: [123.675, 116.28, 103.53], standardDeviation: [58.395, 57.12, 57.375], cropFraction: 1)
  /// Pixel ÷ 255, one channel.
  public static let mnist = ArchitecturePreprocessing(mean: [0], standardDeviation: [255], cropFraction: 1)
}
