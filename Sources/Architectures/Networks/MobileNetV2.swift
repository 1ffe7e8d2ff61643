import Graph

/// MobileNetV2 (Sandler et al., 2018), with parameters named and images padded as in torchvision.
public struct MobileNetV2: Architecture {
  /// Every network that can be built by name.
  public static let all = [0.35, 0.5, 0.75, 1.0, 1.4].map { MobileNetV2(width: $0) }

  /// Expansion, channels, repeats and first stride of each stage (table 2 of the paper).
  private static let stages = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
  ]

  private let width: Double

  /// Channels relative to the original: 0.35 to 1.4.
  public init(width: Double) { self.width = width }

  /// "MobileNetV2-1.0".
  public var name: String { "MobileNetV2-\(width)" }
  /// Without the width for 1.0.
  public var aliases: [String] { width == 1 ? ["MobileNetV2"] : [] }
  /// timm's model tables.
  public var published: PublishedCount? {
    switch width {
    case 0.5: PublishedCount(1_968_680, "timm's model table (mobilenetv2_050)")
    case 1.0: .torchvision(3_504_872)
    case 1.4: PublishedCount(6_108_776, "timm's model table (mobilenetv2_140)")
    default: nil
    }
  }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    func scaled(_ channels: Double) -> Int { builder.channels(roundedToMultipleOfEight(channels)) }
    var x = builder.input()
    x = try builder.layer(
      .sequence("features.0"), x, channels: scaled(32 * width), kernel: 3, stride: 2, activation: .relu6)
    var block = 1
    for (expansion, channels, repeats, stride) in Self.stages {
      for position in 0..<repeats {
        x = try builder.invertedResidual(
          x, InvertedResidualNames(sequence: "features.\(block).conv", isExpanding: expansion != 1),
          InvertedResidual(
            expanded: builder.depth(x) * expansion, channels: scaled(Double(channels) * width), kernel: 3,
            stride: position == 0 ? stride : 1))
        block += 1
      }
    }
    x = try builder.layer(
      .sequence("features.\(block)"), x, channels: scaled(1280 * max(1, width)), kernel: 1, activation: .relu6)
    x = try builder.globalAveragePool(x, name: "pool")
    return builder.finish(try builder.classifier("classifier.1", x))
  }
}
