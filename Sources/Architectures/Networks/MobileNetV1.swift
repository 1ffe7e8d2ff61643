import Graph

/// MobileNet (Howard et al., 2017): depthwise separable convolutions. Parameters are named as in the PyTorch port
/// `pytorch-mobilenet`.
public struct MobileNetV1: Architecture {
  /// Every network that can be built by name.
  public static let all = [0.25, 0.5, 0.75, 1.0].map { MobileNetV1(width: $0) }

  /// Channels and strides of the thirteen separable convolutions (table 1 of the paper).
  static let layers = [
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
  ]

  private let width: Double

  /// Channels relative to the original: 0.25, 0.5, 0.75 and 1.0 in the paper.
  public init(width: Double) { self.width = width }

  /// "MobileNetV1-1.0".
  public var name: String { "MobileNetV1-\(width)" }
  /// Without the width for 1.0.
  public var aliases: [String] { width == 1 ? ["MobileNet", "MobileNetV1"] : ["MobileNet-\(width)"] }
  /// pytorchcv's README; Keras' "trainable params" are the same.
  public var published: PublishedCount? {
    [0.25: 470_072, 0.5: 1_331_592, 0.75: 2_585_560, 1.0: 4_231_976][width]
      .map { PublishedCount($0, "pytorchcv's README") }
  }

  /// The network.
  /// - Throws: `GraphError` when the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    func scaled(_ channels: Int) -> Int { builder.channels(roundedToMultipleOfEight(Double(channels) * width)) }
    var x = builder.input()
    x = try builder.layer(.sequence("model.0"), x, channels: scaled(32), kernel: 3, stride: 2)
    for (index, (channels, stride)) in Self.layers.enumerated() {
      let name = "model.\(index + 1)"
      x = try builder.depthwiseLayer(.sequence(name), x, kernel: 3, stride: stride)
      x = try builder.layer(
        LayerNames(convolution: "\(name).3", normalization: "\(name).4"), x, channels: scaled(channels), kernel: 1)
    }
    x = try builder.globalAveragePool(x, name: "pool")
    return builder.finish(try builder.classifier("fc", x))
  }
}
