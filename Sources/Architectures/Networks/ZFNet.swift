import Graph

/// ZFNet (Zeiler and Fergus, 2014): AlexNet with smaller kernels and strides at the beginning.
public struct ZFNet: Architecture {
  /// Every network that can be built by name.
  public static let all = [ZFNet()]

  /// The one size.
  public init() {}

  /// "ZFNet".
  public var name: String { "ZFNet" }
  /// pytorchcv's README; the layer sizes of the paper's figure 3 give the same.
  public var published: PublishedCount? { PublishedCount(62_357_608, "pytorchcv's README") }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    var x = builder.input()
    for (layer, channels) in [96, 256, 384, 384, 256].enumerated() {
      let name = "conv\(layer + 1)"
      x = try builder.convolution(
        name, x, channels: builder.channels(channels), kernel: [7, 5, 3, 3, 3][layer], stride: layer < 2 ? 2 : 1,
        padding: .symmetric([1, 0, 1, 1, 1][layer]), hasBias: true)
      x = try builder.relu(x, name: "\(name).relu")
      if [0, 1, 4].contains(layer) {
        x = try builder.maxPool(
          x, window: 3, stride: 2, padding: .symmetric(layer < 2 ? 1 : 0), name: "\(name).pool")
      }
    }
    for name in ["fc6", "fc7"] {
      x = try builder.linear(name, x, features: builder.channels(4096))
      x = try builder.relu(x, name: "\(name).relu")
    }
    return builder.finish(try builder.classifier("fc8", x))
  }
}
