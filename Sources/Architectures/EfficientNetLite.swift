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
  private static let epsilon: Float = 1e-3
  private static let relu6 = Activation.Function.clip(low: 0, high: 6)

  private let variant: Variant

  /// One of the five sizes.
  public init(_ variant: Variant) { self.variant = variant }

  /// "EfficientNet-Lite0" to "EfficientNet-Lite4".
  public var name: String { "EfficientNet-Lite\(variant.rawValue)" }
  /// timm's names.
  public var aliases: [String] { ["efficientnet_lite\(variant.rawValue)", "tf_efficientnet_lite\(variant.rawValue)"] }
  /// 224 to 300 a side.
  public var inputSize: Size2D { Size2D(variant.coefficients.side, variant.coefficients.side) }
  /// RGB.
  public var inputChannels: Int { 3 }
  /// ImageNet's.
  public var classes: Int { 1000 }
  /// (pixel − 127) ÷ 128.
  public var preprocessing: ArchitecturePreprocessing { .efficientNetLite }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = NetworkBuilder(name: name, seed: options.seed)
    let (width, depth, _) = variant.coefficients
    var x = try builder.input(self, options)
    x = try builder.convolution("_conv_stem", x, channels: 32, kernel: 3, stride: 2, padding: .same)
    x = try builder.normalization("_bn0", x, epsilon: Self.epsilon)
    x = try builder.activation(Self.relu6, x, name: "_bn0.relu6")
    var block = 0
    for (index, stage) in Self.stages.enumerated() {
      let isFixed = index == 0 || index == Self.stages.count - 1
      let repeats = isFixed ? stage.repeats : Int((depth * Double(stage.repeats)).rounded(.up))
      for position in 0..<repeats {
        x = try appendBlock(
          "_blocks.\(block)", x, stage, channels: Self.scaled(stage.channels, by: width),
          stride: position == 0 ? stage.stride : 1, &builder)
        block += 1
      }
    }
    x = try builder.convolution("_conv_head", x, channels: 1280, kernel: 1, padding: .same)
    x = try builder.normalization("_bn1", x, epsilon: Self.epsilon)
    x = try builder.activation(Self.relu6, x, name: "_bn1.relu6")
    x = try builder.globalAveragePool(x, name: "_avg_pooling")
    return builder.finish(try builder.linear("_fc", x, features: options.classes ?? classes))
  }

  /// The mobile inverted bottleneck: expand, depthwise, project, and add the input where the shapes allow it.
  private func appendBlock(
    _ name: String, _ input: ValueID, _ stage: Stage, channels: Int, stride: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    var x = input
    let inputChannels = builder.shape(input)[3]
    if stage.expansion != 1 {
      let expanded = inputChannels * stage.expansion
      x = try builder.convolution("\(name)._expand_conv", x, channels: expanded, kernel: 1, padding: .same)
      x = try builder.normalization("\(name)._bn0", x, epsilon: Self.epsilon)
      x = try builder.activation(Self.relu6, x, name: "\(name)._bn0.relu6")
    }
    x = try builder.depthwise("\(name)._depthwise_conv", x, kernel: stage.kernel, stride: stride, padding: .same)
    x = try builder.normalization("\(name)._bn1", x, epsilon: Self.epsilon)
    x = try builder.activation(Self.relu6, x, name: "\(name)._bn1.relu6")
    x = try builder.convolution("\(name)._project_conv", x, channels: channels, kernel: 1, padding: .same)
    x = try builder.normalization("\(name)._bn2", x, epsilon: Self.epsilon)
    guard stride == 1, inputChannels == channels else { return x }
    return try builder.add(x, input, name: "\(name).add")
  }

  /// Channels of a scaled network: the nearest multiple of 8 that is not more than 10 % below.
  private static func scaled(_ channels: Int, by width: Double) -> Int {
    roundedToMultipleOfEight(Double(channels) * width)
  }
}
