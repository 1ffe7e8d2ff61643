import Graph

/// Xception (Chollet, 2017): depthwise separable convolutions with residual connections. Parameters are named as in
/// `pretrainedmodels` (timm's `legacy_xception`).
public struct Xception: Architecture {
  /// A block: channels, repeats, stride, whether a ReLU comes first, whether the channels grow in the first layer.
  private struct Block {
    var channels: Int
    var repeats = 2
    var stride = 2
    var startsWithRelu = true
    var growsFirst = true
  }

  private static let blocks =
    [
      Block(channels: 128, startsWithRelu: false), Block(channels: 256), Block(channels: 728),
    ] + Array(repeating: Block(channels: 728, repeats: 3, stride: 1), count: 8)
    + [Block(channels: 1024, growsFirst: false)]

  /// Every network that can be built by name.
  public static let all = [Xception()]

  /// The one size.
  public init() {}

  /// "Xception".
  public var name: String { "Xception" }
  /// 299×299.
  public var inputSize: Size2D { Size2D(299, 299) }
  /// Pixels mapped to −1…1.
  public var preprocessing: ArchitecturePreprocessing { .inception }
  /// pytorchcv's README; Keras' "trainable params" are the same.
  public var published: PublishedCount? { PublishedCount(22_855_952, "pytorchcv's README") }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    var x = builder.input()
    x = try builder.layer(
      LayerNames(convolution: "conv1", normalization: "bn1"), x, channels: builder.channels(32), kernel: 3, stride: 2,
      padding: .none)
    x = try builder.layer(
      LayerNames(convolution: "conv2", normalization: "bn2"), x, channels: builder.channels(64), kernel: 3,
      padding: .none)
    for (index, block) in Self.blocks.enumerated() {
      x = try appendBlock("block\(index + 1)", x, block, &builder)
    }
    for (name, normalization, channels) in [("conv3", "bn3", 1536), ("conv4", "bn4", 2048)] {
      x = try appendSeparable(name, x, channels: builder.channels(channels), &builder)
      x = try builder.normalized(normalization, x)
    }
    x = try builder.globalAveragePool(x, name: "avgpool")
    return builder.finish(try builder.classifier("last_linear", x))
  }

  private func appendBlock(
    _ name: String, _ input: ValueID, _ block: Block, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let channels = builder.channels(block.channels)
    var x = input
    // Places among the numbered modules of the checkpoint: ReLU, convolution, normalization and so on.
    var place = 0
    for position in 0..<block.repeats {
      if position > 0 || block.startsWithRelu {
        x = try builder.relu(x, name: "\(name).rep.\(place)")
        place += 1
      }
      let grown = block.growsFirst || position == block.repeats - 1 ? channels : builder.depth(input)
      x = try appendSeparable("\(name).rep.\(place)", x, channels: grown, &builder)
      x = try builder.normalization("\(name).rep.\(place + 1)", x)
      place += 2
    }
    guard block.stride > 1 else { return try builder.add(x, input, name: "\(name).add") }
    x = try builder.maxPool(x, window: 3, stride: block.stride, padding: .half, name: "\(name).pool")
    let skip = try builder.layer(
      LayerNames(convolution: "\(name).skip", normalization: "\(name).skipbn"), input, channels: channels, kernel: 1,
      stride: block.stride, activation: nil)
    return try builder.add(x, skip, name: "\(name).add")
  }

  /// Depthwise 3×3, then 1×1, with nothing between.
  private func appendSeparable(
    _ name: String, _ x: ValueID, channels: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let x = try builder.depthwise("\(name).conv1", x, kernel: 3)
    return try builder.convolution("\(name).pointwise", x, channels: channels, kernel: 1)
  }
}
