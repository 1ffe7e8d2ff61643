import Graph

/// A network as code: builds the float graph, with parameters named as in the checkpoints that people published for it,
/// so that trained weights load by name.
public protocol Architecture: Sendable {
  /// "EfficientNet-Lite0".
  var name: String { get }
  /// Other names that people use for it.
  var aliases: [String] { get }
  /// Height and width of the images that it was designed for; 1 and the length of a signal.
  var inputSize: Size2D { get }
  /// 3 for RGB, 1 for gray.
  var inputChannels: Int { get }
  /// Classes that it was designed for.
  var classes: Int { get }
  /// How published weights expect the image.
  var preprocessing: ArchitecturePreprocessing { get }
  /// The number of parameters that others state for the design; nil: none is known.
  var published: PublishedCount? { get }
  /// The network: input "input" [1,H,W,C] (a signal: [1,L,C]), output "logits" [1,classes] without softmax, seeded
  /// random weights.
  /// - Throws: `GraphError` when the options do not fit the architecture.
  func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph
}

extension Architecture {
  /// None.
  public var aliases: [String] { [] }
  /// 224×224.
  public var inputSize: Size2D { Size2D(224, 224) }
  /// RGB.
  public var inputChannels: Int { 3 }
  /// ImageNet's.
  public var classes: Int { 1000 }
  /// ImageNet statistics.
  public var preprocessing: ArchitecturePreprocessing { .imagenet }
  /// None is known.
  public var published: PublishedCount? { nil }

  /// The network as it was designed.
  public func build() throws(GraphError) -> Graph { try build(ArchitectureOptions()) }

  /// The network as it was designed, without weights: enough for shapes, names and counts, at no cost in memory.
  public func outline() throws(GraphError) -> Graph { try build(ArchitectureOptions(weights: .absent)) }
}

/// A number of parameters that others state.
public struct PublishedCount: Hashable, Sendable {
  /// The number.
  public var count: Int
  /// Who states it.
  public var source: String
  /// Whether the means and variances of normalizations count, too, as in Keras' "total params".
  public var countsStatistics: Bool
  /// Whether parts that only training needs count, too, such as auxiliary classifiers.
  public var isOfTrainingForm: Bool

  /// A count and its source.
  public init(_ count: Int, _ source: String, countsStatistics: Bool = false, isOfTrainingForm: Bool = false) {
    self.count = count
    self.source = source
    self.countsStatistics = countsStatistics
    self.isOfTrainingForm = isOfTrainingForm
  }

  /// torchvision's documentation (`num_params` of the weights).
  public static func torchvision(_ count: Int) -> PublishedCount {
    PublishedCount(count, "torchvision's documentation")
  }
}
