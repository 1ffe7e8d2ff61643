import Graph

/// Inception with batch normalization, or Inception v2 (Ioffe and Szegedy, 2015), as in Caffe's and PyTorch's
/// `bninception`; and with squeeze-and-excitation after each block (SE-Inception; Hu et al., 2018).
public struct BNInception: Architecture {
  /// A block: channels of the 1×1 branch (0: none, and the block strides), of the 3×3 branch and the 1×1 before it, of
  /// the branch of two 3×3 and the 1×1 before it, and after the pool (0: nothing comes after it).
  private struct Block {
    var name: String
    var channels: [Int]
    var takesMaxima = false
  }

  private static let blocks = [
    Block(name: "3a", channels: [64, 64, 64, 64, 96, 32]), Block(name: "3b", channels: [64, 64, 96, 64, 96, 64]),
    Block(name: "3c", channels: [0, 128, 160, 64, 96, 0]), Block(name: "4a", channels: [224, 64, 96, 96, 128, 128]),
    Block(name: "4b", channels: [192, 96, 128, 96, 128, 128]),
    Block(name: "4c", channels: [160, 128, 160, 128, 160, 128]),
    Block(name: "4d", channels: [96, 128, 192, 160, 192, 128]),
    Block(name: "4e", channels: [0, 128, 192, 192, 256, 0]),
    Block(name: "5a", channels: [352, 192, 320, 160, 224, 128]),
    Block(name: "5b", channels: [352, 192, 320, 192, 224, 128], takesMaxima: true),
  ]

  /// Every network that can be built by name.
  public static let all = [BNInception(), BNInception(isExcited: true)]

  private let isExcited: Bool

  /// With squeeze-and-excitation or without.
  public init(isExcited: Bool = false) { self.isExcited = isExcited }

  /// "BN-Inception", "SE-BN-Inception".
  public var name: String { isExcited ? "SE-BN-Inception" : "BN-Inception" }
  /// Inception v2.
  public var aliases: [String] { isExcited ? ["SE-Inception"] : ["Inception-v2"] }
  /// pytorchcv's README. Nobody states an exact number for the one with squeeze-and-excitation.
  public var published: PublishedCount? { isExcited ? nil : PublishedCount(11_295_240, "pytorchcv's README") }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    var x = builder.input()
    x = try appendLayer("conv1_7x7_s2", x, channels: 64, kernel: 7, stride: 2, &builder)
    x = try builder.maxPool(x, window: 3, stride: 2, roundsUp: true, name: "pool1_3x3_s2")
    x = try appendLayer("conv2_3x3_reduce", x, channels: 64, kernel: 1, &builder)
    x = try appendLayer("conv2_3x3", x, channels: 192, kernel: 3, &builder)
    x = try builder.maxPool(x, window: 3, stride: 2, roundsUp: true, name: "pool2_3x3_s2")
    for block in Self.blocks {
      x = try appendBlock("inception_\(block.name)", x, block, &builder)
      if isExcited {
        x = try builder.squeezeAndExcitation(
          x, SqueezeAndExcitation(reduced: max(1, builder.depth(x) / 16)),
          reduce: "inception_\(block.name)_se.fc1", expand: "inception_\(block.name)_se.fc2")
      }
    }
    x = try builder.globalAveragePool(x, name: "global_pool")
    return builder.finish(try builder.classifier("last_linear", x))
  }

  private func appendBlock(
    _ name: String, _ input: ValueID, _ block: Block, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let channels = block.channels
    let stride = channels[0] == 0 ? 2 : 1
    var branches: [ValueID] = []
    if stride == 1 {
      branches.append(try appendLayer("\(name)_1x1", input, channels: channels[0], kernel: 1, &builder))
    }
    var x = try appendLayer("\(name)_3x3_reduce", input, channels: channels[1], kernel: 1, &builder)
    branches.append(try appendLayer("\(name)_3x3", x, channels: channels[2], kernel: 3, stride: stride, &builder))
    x = try appendLayer("\(name)_double_3x3_reduce", input, channels: channels[3], kernel: 1, &builder)
    x = try appendLayer("\(name)_double_3x3_1", x, channels: channels[4], kernel: 3, &builder)
    x = try appendLayer("\(name)_double_3x3_2", x, channels: channels[4], kernel: 3, stride: stride, &builder)
    branches.append(x)
    if stride == 2 {
      x = try builder.maxPool(input, window: 3, stride: 2, roundsUp: true, name: "\(name)_pool")
    } else {
      x =
        block.takesMaxima
        ? try builder.maxPool(input, window: 3, stride: 1, padding: .half, name: "\(name)_pool")
        : try builder.averagePool(
          input, window: 3, stride: 1, padding: .half, countsPadding: true, name: "\(name)_pool")
      x = try appendLayer("\(name)_pool_proj", x, channels: channels[5], kernel: 1, &builder)
    }
    return try builder.concat(branches + [x], name: "\(name)_output")
  }

  private func appendLayer(
    _ name: String, _ x: ValueID, channels: Int, kernel: Int, stride: Int = 1, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    try builder.layer(
      LayerNames(convolution: name, normalization: "\(name)_bn"), x, channels: builder.channels(channels),
      kernel: kernel, stride: stride, hasBias: true)
  }
}
