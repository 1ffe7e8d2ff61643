import Graph

/// EfficientNet-Lite: EfficientNet (Tan and Le, 2019) without squeeze-and-excitation, with ReLU6, and with stem and head
/// of fixed width. Parameters are named as in the PyTorch port `efficientnet_lite_pytorch`, whose "same" padding is
/// TensorFlow's.
public struct EfficientNetLite: Architecture {
  /// The five sizes.
  public enum Variant: Int, CaseIterable, Sendable {
    /// Lite0 to Lite4.
    case lite0, lite1, lite2, lite3, lite4

    /// Width and depth relative to Lite0, and the image's side.
    var coefficients: (width: Double, depth: Double, side: Int) {
      switch self {
      case .lite0: (1.0, 1.0, 224)
      case .lite1: (1.0, 1.1, 240)
      case .lite2: (1.1, 1.2, 260)
      case .lite3: (1.2, 1.4, 280)
      case .lite4: (1.4, 1.8, 300)
      }
    }
  }

  /// Every network that can be built by name.
  public static let all = Variant.allCases.map { EfficientNetLite($0) }

  /// Blocks of one kind that follow each other; the first one has the stride.
  private struct Stage {
    var repeats: Int
    var kernel: Int
    var stride: Int
    var expansion: Int
    var channels: Int
  }

  private static let stages = [
    Stage(repeats: 1, kernel: 3, stride: 1, expansion: 1, channels: 16),
    Stage(repeats: 2, kernel: 3, stride: 2, expansion: 6, channels: 24),
    Stage(repeats: 2, kernel: 5, stride: 2, expansion: 6, channels: 40),
    Stage(repeats: 3, kernel: 3, stride: 2, expansion: 6, channels: 80),
    Stage(repeats: 3, kernel: 5, stride: 1, expansion: 6, channels: 112),
    Stage(repeats: 4, kernel: 5, stride: 2, expansion: 6, channels: 192),
    Stage(repeats: 1, kernel: 3, stride: 1, expansion: 6, channels: 320),
  ]

  private let variant: Variant

  /// One of the five sizes.
  public init(_ variant: Variant) { self.variant = variant }

  /// "EfficientNet-Lite0" to "EfficientNet-Lite4".
  public var name: String { "EfficientNet-Lite\(variant.rawValue)" }
  /// timm's names.
  public var aliases: [String] { ["efficientnet_lite\(variant.rawValue)", "tf_efficientnet_lite\(variant.rawValue)"] }
  /// 224 to 300 a side.
  public var inputSize: Size2D { Size2D(variant.coefficients.side, variant.coefficients.side) }
  /// (pixel − 127) ÷ 128.
  public var preprocessing: ArchitecturePreprocessing { .efficientNetLite }
  /// timm's model table.
  public var published: PublishedCount? {
    let counts = [4_652_008, 5_416_680, 6_092_072, 8_197_096, 13_006_568]
    return PublishedCount(counts[variant.rawValue], "timm's model table (tf_efficientnet_lite\(variant.rawValue))")
  }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options, epsilon: 1e-3)
    let (width, depth, _) = variant.coefficients
    var x = builder.input()
    x = try builder.layer(
      LayerNames(convolution: "_conv_stem", normalization: "_bn0"), x, channels: builder.channels(32), kernel: 3,
      stride: 2, padding: .same, activation: .relu6)
    var block = 0
    for (index, stage) in Self.stages.enumerated() {
      let isFixed = index == 0 || index == Self.stages.count - 1
      let repeats = isFixed ? stage.repeats : Int((depth * Double(stage.repeats)).rounded(.up))
      for position in 0..<repeats {
        x = try builder.invertedResidual(
          x, InvertedResidualNames(efficientNet: "_blocks.\(block)"),
          InvertedResidual(
            expanded: builder.depth(x) * stage.expansion,
            channels: builder.channels(roundedToMultipleOfEight(Double(stage.channels) * width)),
            kernel: stage.kernel, stride: position == 0 ? stage.stride : 1, padding: .same))
        block += 1
      }
    }
    x = try builder.layer(
      LayerNames(convolution: "_conv_head", normalization: "_bn1"), x, channels: builder.channels(1280), kernel: 1,
      activation: .relu6)
    x = try builder.globalAveragePool(x, name: "_avg_pooling")
    return builder.finish(try builder.classifier("_fc", x))
  }
}
