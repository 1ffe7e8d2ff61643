import Graph

/// AlexNet (Krizhevsky, Sutskever and Hinton, 2012) in the three forms that are called so, each with local response
/// normalization or without. Parameters of the single tower are named as in torchvision, those of the others as in Caffe.
public struct AlexNet: Architecture {
  /// How the channels are arranged.
  public enum Form: String, CaseIterable, Sendable {
    /// The paper's layer sizes without the split over two processors.
    case ungrouped = ""
    /// The paper's: the second, fourth and fifth convolutions in two groups.
    case grouped = "-Grouped"
    /// Krizhevsky's of 2014 ("one weird trick"), with fewer channels, as in torchvision.
    case singleTower = "-SingleTower"
  }

  /// Every network that can be built by name.
  public static let all = Form.allCases.flatMap { form in
    [false, true].map { AlexNet(form, normalizesResponses: $0) }
  }

  private let form: Form
  private let normalizesResponses: Bool

  /// One of the three forms.
  public init(_ form: Form, normalizesResponses: Bool = false) {
    self.form = form
    self.normalizesResponses = normalizesResponses
  }

  /// "AlexNet", "AlexNet-Grouped", "AlexNet-SingleTower", each with "-LRN" or without.
  public var name: String { "AlexNet\(form.rawValue)\(normalizesResponses ? "-LRN" : "")" }
  /// 224×224 for the single tower, else 227×227.
  public var inputSize: Size2D { form == .singleTower ? Size2D(224, 224) : Size2D(227, 227) }
  /// Local response normalization has no parameters.
  public var published: PublishedCount? {
    switch form {
    case .ungrouped: PublishedCount(62_378_344, "the paper's layer sizes without groups, as lectures count them")
    case .grouped: PublishedCount(60_965_224, "Caffe's bvlc_alexnet; \"60 million parameters\" in the paper")
    case .singleTower: .torchvision(61_100_840)
    }
  }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    let isSingle = form == .singleTower
    let names =
      isSingle
      ? ["features.0", "features.3", "features.6", "features.8", "features.10"]
      : ["conv1", "conv2", "conv3", "conv4", "conv5"]
    let channels = isSingle ? [64, 192, 384, 256, 256] : [96, 256, 384, 384, 256]
    let split = form == .grouped ? 2 : 1
    var x = builder.input()
    for layer in 0..<5 {
      x = try builder.convolution(
        names[layer], x, channels: builder.channels(channels[layer]), kernel: [11, 5, 3, 3, 3][layer],
        stride: layer == 0 ? 4 : 1, padding: layer == 0 ? .symmetric(isSingle ? 2 : 0) : .half,
        groups: [1, 3, 4].contains(layer) ? split : 1, hasBias: true)
      x = try builder.relu(x, name: "\(names[layer]).relu")
      if normalizesResponses && layer < 2 {
        x = try builder.apply(Self.responseNormalization, x, name: "\(names[layer]).normalization")
      }
      if [0, 1, 4].contains(layer) { x = try builder.maxPool(x, window: 3, stride: 2, name: "\(names[layer]).pool") }
    }
    for name in isSingle ? ["classifier.1", "classifier.4"] : ["fc6", "fc7"] {
      x = try builder.linear(name, x, features: builder.channels(4096))
      x = try builder.relu(x, name: "\(name).relu")
    }
    return builder.finish(try builder.classifier(isSingle ? "classifier.6" : "fc8", x))
  }

  /// n = 5, k = 2, α = 10⁻⁴, β = 0.75 (section 3.3 of the paper).
  private static let responseNormalization = LocalResponseNormalization(
    before: 2, after: 2, alpha: 1e-4, beta: 0.75, bias: 2)
}
