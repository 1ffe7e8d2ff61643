import Graph

/// MobileNetV3 (Howard et al., 2019), with parameters named as in torchvision.
public struct MobileNetV3: Architecture {
  /// The two networks of the paper.
  public enum Variant: String, CaseIterable, Sendable {
    /// Table 2 of the paper.
    case small = "Small"
    /// Table 1 of the paper.
    case large = "Large"
  }

  /// An inverted residual block.
  private struct Block {
    var kernel: Int
    var expanded: Int
    var channels: Int
    var isExcited: Bool
    var activation: Activation.Function
    var stride: Int

    init(
      _ kernel: Int, _ expanded: Int, _ channels: Int, _ isExcited: Bool, _ activation: Activation.Function,
      _ stride: Int
    ) {
      (self.kernel, self.expanded, self.channels) = (kernel, expanded, channels)
      (self.isExcited, self.activation, self.stride) = (isExcited, activation, stride)
    }
  }

  private static let small = [
    Block(3, 16, 16, true, .relu, 2), Block(3, 72, 24, false, .relu, 2), Block(3, 88, 24, false, .relu, 1),
    Block(5, 96, 40, true, .hardSwish, 2), Block(5, 240, 40, true, .hardSwish, 1),
    Block(5, 240, 40, true, .hardSwish, 1), Block(5, 120, 48, true, .hardSwish, 1),
    Block(5, 144, 48, true, .hardSwish, 1), Block(5, 288, 96, true, .hardSwish, 2),
    Block(5, 576, 96, true, .hardSwish, 1), Block(5, 576, 96, true, .hardSwish, 1),
  ]

  private static let large = [
    Block(3, 16, 16, false, .relu, 1), Block(3, 64, 24, false, .relu, 2), Block(3, 72, 24, false, .relu, 1),
    Block(5, 72, 40, true, .relu, 2), Block(5, 120, 40, true, .relu, 1), Block(5, 120, 40, true, .relu, 1),
    Block(3, 240, 80, false, .hardSwish, 2), Block(3, 200, 80, false, .hardSwish, 1),
    Block(3, 184, 80, false, .hardSwish, 1), Block(3, 184, 80, false, .hardSwish, 1),
    Block(3, 480, 112, true, .hardSwish, 1), Block(3, 672, 112, true, .hardSwish, 1),
    Block(5, 672, 160, true, .hardSwish, 2), Block(5, 960, 160, true, .hardSwish, 1),
    Block(5, 960, 160, true, .hardSwish, 1),
  ]

  /// Every network that can be built by name.
  public static let all = Variant.allCases.map { MobileNetV3($0) }

  private let variant: Variant

  /// One of the two networks.
  public init(_ variant: Variant) { self.variant = variant }

  /// "MobileNetV3-Small", "MobileNetV3-Large".
  public var name: String { "MobileNetV3-\(variant.rawValue)" }
  /// torchvision's documentation.
  public var published: PublishedCount? { .torchvision(variant == .small ? 2_542_856 : 5_483_032) }

  /// The network.
  /// - Throws: `GraphError` when the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options, epsilon: 1e-3)
    let blocks = variant == .small ? Self.small : Self.large
    var x = builder.input()
    x = try builder.layer(
      .sequence("features.0"), x, channels: builder.channels(16), kernel: 3, stride: 2, activation: .hardSwish)
    for (index, block) in blocks.enumerated() {
      let expanded = builder.channels(block.expanded)
      let excitation = SqueezeAndExcitation(
        reduced: roundedToMultipleOfEight(Double(expanded) / 4), gate: .hardSigmoid(alpha: 1 / 6, beta: 0.5))
      x = try builder.invertedResidual(
        x,
        InvertedResidualNames(
          modules: "features.\(index + 1).block", isExpanding: expanded != builder.depth(x), isExcited: block.isExcited),
        InvertedResidual(
          expanded: expanded, channels: builder.channels(block.channels), kernel: block.kernel, stride: block.stride,
          activation: block.activation, excitation: block.isExcited ? excitation : nil))
    }
    x = try builder.layer(
      .sequence("features.\(blocks.count + 1)"), x, channels: 6 * builder.depth(x), kernel: 1, activation: .hardSwish)
    x = try builder.globalAveragePool(x, name: "avgpool")
    x = try builder.linear("classifier.0", x, features: builder.channels(variant == .small ? 1024 : 1280))
    x = try builder.activation(.hardSwish, x, name: "classifier.1")
    return builder.finish(try builder.classifier("classifier.3", x))
  }
}
