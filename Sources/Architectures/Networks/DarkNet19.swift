import Graph

/// Darknet-19 (Redmon and Farhadi, 2017), the classifier of YOLOv2.
public struct DarkNet19: Architecture {
  /// Channels of the convolutions of each stage, 3×3 and 1×1 in turn (table 6 of the paper).
  private static let stages = [
    [32], [64], [128, 64, 128], [256, 128, 256], [512, 256, 512, 256, 512], [1024, 512, 1024, 512, 1024],
  ]

  /// Every network that can be built by name.
  public static let all = [DarkNet19()]

  /// The one size.
  public init() {}

  /// "DarkNet-19".
  public var name: String { "DarkNet-19" }
  /// Pixel ÷ 255.
  public var preprocessing: ArchitecturePreprocessing { .unit }
  /// pytorchcv's model documentation.
  public var published: PublishedCount? { PublishedCount(20_842_376, "pytorchcv's model documentation") }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    var x = builder.input()
    for (stage, convolutions) in Self.stages.enumerated() {
      if stage > 0 { x = try builder.maxPool(x, window: 2, name: "pool\(stage)") }
      for (index, channels) in convolutions.enumerated() {
        x = try builder.layer(
          .module("stage\(stage + 1).\(index)"), x, channels: builder.channels(channels),
          kernel: index.isMultiple(of: 2) ? 3 : 1, activation: .leakyRelu(slope: 0.1))
      }
    }
    x = try builder.convolution("output", x, channels: builder.classes, kernel: 1, hasBias: true)
    x = try builder.globalAveragePool(x, name: "pool6")
    return builder.finish(try builder.apply(Reshape(shape: [1, builder.classes]), x, name: "flatten"))
  }
}
