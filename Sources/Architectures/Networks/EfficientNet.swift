import Graph

/// EfficientNet (Tan and Le, 2019): inverted residual blocks with squeeze-and-excitation and swish, scaled in width, depth
/// and image size together. Parameters are named as in torchvision.
public struct EfficientNet: Architecture {
  /// Width and depth relative to B0, and the image's side.
  private static let coefficients: [(width: Double, depth: Double, side: Int)] = [
    (1.0, 1.0, 224), (1.0, 1.1, 240), (1.1, 1.2, 260), (1.2, 1.4, 300), (1.4, 1.8, 380), (1.6, 2.2, 456),
    (1.8, 2.6, 528), (2.0, 3.1, 600),
  ]

  /// Repeats, kernel, first stride, expansion and channels of each stage of B0 (table 1 of the paper).
  private static let stages: [(repeats: Int, kernel: Int, stride: Int, expansion: Int, channels: Int)] = [
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
  ]

  /// Every network that can be built by name.
  public static let all = (0...7).map { EfficientNet($0) }

  private let size: Int

  /// B0 to B7.
  public init(_ size: Int) {
    precondition((0...7).contains(size), "the size must be 0 to 7")
    self.size = size
  }

  /// "EfficientNet-B0".
  public var name: String { "EfficientNet-B\(size)" }
  /// 224 to 600 a side.
  public var inputSize: Size2D { Size2D(Self.coefficients[size].side, Self.coefficients[size].side) }
  /// torchvision's documentation.
  public var published: PublishedCount? {
    .torchvision(
      [5_288_548, 7_794_184, 9_109_994, 12_233_232, 19_341_616, 30_389_784, 43_040_704, 66_347_960][size])
  }

  /// The network.
  /// - Throws: `GraphError` when the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options, epsilon: size < 5 ? 1e-5 : 1e-3)
    let (width, depth, _) = Self.coefficients[size]
    func scaled(_ channels: Int) -> Int { builder.channels(roundedToMultipleOfEight(Double(channels) * width)) }
    var x = builder.input()
    x = try builder.layer(
      .sequence("features.0"), x, channels: scaled(32), kernel: 3, stride: 2, activation: .swish)
    for (index, stage) in Self.stages.enumerated() {
      for position in 0..<Int((depth * Double(stage.repeats)).rounded(.up)) {
        let input = builder.depth(x)
        x = try builder.invertedResidual(
          x,
          InvertedResidualNames(
            modules: "features.\(index + 1).\(position).block", isExpanding: stage.expansion != 1, isExcited: true),
          InvertedResidual(
            expanded: input * stage.expansion, channels: scaled(stage.channels), kernel: stage.kernel,
            stride: position == 0 ? stage.stride : 1, activation: .swish,
            excitation: SqueezeAndExcitation(reduced: max(1, input / 4), activation: .swish)))
      }
    }
    x = try builder.layer(
      .sequence("features.\(Self.stages.count + 1)"), x, channels: 4 * builder.depth(x), kernel: 1, activation: .swish)
    x = try builder.globalAveragePool(x, name: "avgpool")
    return builder.finish(try builder.classifier("classifier.1", x))
  }
}
