import Graph

/// MobileNetV2 (Sandler et al., 2018), with parameters named and images padded as in torchvision.
public struct MobileNetV2: Architecture {
  /// Expansion, channels, repeats and first stride of each stage (table 2 of the paper).
  private static let stages = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
  ]
  private static let epsilon: Float = 1e-5

  private let width: Double

  /// Channels relative to the original: 0.35 to 1.4.
  public init(width: Double) { self.width = width }

  /// "MobileNetV2-1.0".
  public var name: String { "MobileNetV2-\(width)" }
  /// Without the width for 1.0.
  public var aliases: [String] { width == 1 ? ["MobileNetV2"] : [] }
  /// 224×224.
  public var inputSize: Size2D { Size2D(224, 224) }
  /// RGB.
  public var inputChannels: Int { 3 }
  /// ImageNet's.
  public var classes: Int { 1000 }
  /// ImageNet statistics.
  public var preprocessing: ArchitecturePreprocessing { .imagenet }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = NetworkBuilder(name: name, seed: options.seed)
    var x = try builder.input(self, options)
    x = try appendLayer("features.0", x, channels: roundedToMultipleOfEight(32 * width), kernel: 3, stride: 2, &builder)
    var block = 1
    for (expansion, channels, repeats, stride) in Self.stages {
      for position in 0..<repeats {
        x = try appendBlock(
          "features.\(block).conv", x, expansion: expansion,
          channels: roundedToMultipleOfEight(Double(channels) * width), stride: position == 0 ? stride : 1, &builder)
        block += 1
      }
    }
    let last = roundedToMultipleOfEight(1280 * max(1, width))
    x = try appendLayer("features.\(block)", x, channels: last, kernel: 1, stride: 1, &builder)
    x = try builder.globalAveragePool(x, name: "pool")
    return builder.finish(try builder.linear("classifier.1", x, features: options.classes ?? classes))
  }

  /// The inverted residual block: expand, depthwise, project, and add the input where the shapes allow it.
  private func appendBlock(
    _ name: String, _ input: ValueID, expansion: Int, channels: Int, stride: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    var x = input
    let inputChannels = builder.shape(input)[3]
    var layer = 0
    if expansion != 1 {
      x = try appendLayer("\(name).0", x, channels: inputChannels * expansion, kernel: 1, stride: 1, &builder)
      layer = 1
    }
    x = try builder.depthwise("\(name).\(layer).0", x, kernel: 3, stride: stride, padding: .symmetric(1))
    x = try appendRelu6("\(name).\(layer)", x, &builder)
    x = try builder.convolution("\(name).\(layer + 1)", x, channels: channels, kernel: 1, padding: .symmetric(0))
    x = try builder.normalization("\(name).\(layer + 2)", x, epsilon: Self.epsilon)
    guard stride == 1, inputChannels == channels else { return x }
    return try builder.add(x, input, name: "\(name).add")
  }

  /// Convolution, normalization, ReLU6.
  private func appendLayer(
    _ name: String, _ x: ValueID, channels: Int, kernel: Int, stride: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let x = try builder.convolution(
      "\(name).0", x, channels: channels, kernel: kernel, stride: stride, padding: .symmetric(kernel / 2))
    return try appendRelu6(name, x, &builder)
  }

  private func appendRelu6(
    _ name: String, _ x: ValueID, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let x = try builder.normalization("\(name).1", x, epsilon: Self.epsilon)
    return try builder.activation(.clip(low: 0, high: 6), x, name: "\(name).2")
  }
}
