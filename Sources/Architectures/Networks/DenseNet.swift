import Graph

/// DenseNet-BC (Huang et al., 2017): every layer reads what all layers before it in its block computed. Parameters are
/// named as in torchvision.
public struct DenseNet: Architecture {
  private static let blocks = [
    121: [6, 12, 24, 16], 161: [6, 12, 36, 24], 169: [6, 12, 32, 32], 201: [6, 12, 48, 32],
  ]

  /// Every network that can be built by name.
  public static let all = [121, 161, 169, 201].map { DenseNet($0) }

  private let depth: Int

  /// A network of 121, 161, 169 or 201 layers.
  public init(_ depth: Int) {
    precondition(Self.blocks[depth] != nil, "the depth must be 121, 161, 169 or 201")
    self.depth = depth
  }

  /// "DenseNet-121".
  public var name: String { "DenseNet-\(depth)" }
  /// torchvision's documentation.
  public var published: PublishedCount? {
    [121: 7_978_856, 161: 28_681_000, 169: 14_149_480, 201: 20_013_928][depth].map { .torchvision($0) }
  }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    let growth = builder.channels(depth == 161 ? 48 : 32)
    var x = builder.input()
    x = try builder.layer(
      LayerNames(convolution: "features.conv0", normalization: "features.norm0"), x, channels: 2 * growth, kernel: 7,
      stride: 2)
    x = try builder.maxPool(x, window: 3, stride: 2, padding: .half, name: "features.pool0")
    let blocks = Self.blocks[depth] ?? []
    for (index, layers) in blocks.enumerated() {
      for layer in 1...layers {
        x = try appendLayer("features.denseblock\(index + 1).denselayer\(layer)", x, growth: growth, &builder)
      }
      if index == blocks.count - 1 { break }
      let name = "features.transition\(index + 1)"
      x = try builder.normalized("\(name).norm", x)
      x = try builder.convolution("\(name).conv", x, channels: builder.depth(x) / 2, kernel: 1)
      x = try builder.averagePool(x, window: 2, stride: 2, name: "\(name).pool")
    }
    x = try builder.normalized("features.norm5", x)
    x = try builder.globalAveragePool(x, name: "pool")
    return builder.finish(try builder.classifier("classifier", x))
  }

  /// Normalized, to four times the growth by 1×1, normalized, to the growth by 3×3, beside the input.
  private func appendLayer(
    _ name: String, _ input: ValueID, growth: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    var x = try builder.normalized("\(name).norm1", input)
    x = try builder.convolution("\(name).conv1", x, channels: 4 * growth, kernel: 1)
    x = try builder.normalized("\(name).norm2", x)
    x = try builder.convolution("\(name).conv2", x, channels: growth, kernel: 3)
    return try builder.concat([input, x], name: "\(name).concat")
  }
}
