import Graph

/// GoogLeNet, or Inception v1 (Szegedy et al., 2015), as in the paper and as in torchvision. The training form
/// (`ArchitectureOptions.forTraining`) has the two auxiliary classifiers as further outputs.
public struct GoogLeNet: Architecture {
  /// What a layer is.
  public enum Variant: CaseIterable, Sendable {
    /// The paper's: biases, 5×5 convolutions, local response normalization.
    case original
    /// torchvision's: batch normalization, and 3×3 convolutions in place of 5×5.
    case normalized
  }

  /// Channels of an inception block: 1×1; 3×3 and the 1×1 before it; 5×5 and the 1×1 before it; 1×1 after the pool.
  private static let blocks: [(name: String, channels: [Int])] = [
    ("3a", [64, 96, 128, 16, 32, 32]), ("3b", [128, 128, 192, 32, 96, 64]), ("4a", [192, 96, 208, 16, 48, 64]),
    ("4b", [160, 112, 224, 24, 64, 64]), ("4c", [128, 128, 256, 24, 64, 64]), ("4d", [112, 144, 288, 32, 64, 64]),
    ("4e", [256, 160, 320, 32, 128, 128]), ("5a", [256, 160, 320, 32, 128, 128]),
    ("5b", [384, 192, 384, 48, 128, 128]),
  ]

  /// Every network that can be built by name.
  public static let all = Variant.allCases.map { GoogLeNet($0) }

  private let variant: Variant

  /// One of the two networks.
  public init(_ variant: Variant) { self.variant = variant }

  /// "GoogLeNet", "GoogLeNet-BN".
  public var name: String { variant == .original ? "GoogLeNet" : "GoogLeNet-BN" }
  /// Inception v1.
  public var aliases: [String] { variant == .original ? ["Inception-v1"] : [] }
  /// Pixels mapped to −1…1 for torchvision's weights.
  public var preprocessing: ArchitecturePreprocessing { variant == .original ? .imagenet : .inception }
  /// By the layer sizes of Caffe's `bvlc_googlenet`, without and (13,378,280) with the auxiliary classifiers;
  /// torchvision's documentation, without them.
  public var published: PublishedCount? {
    variant == .original
      ? PublishedCount(13_378_280, "the layer sizes of Caffe's bvlc_googlenet", isOfTrainingForm: true)
      : .torchvision(6_624_904)
  }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options, epsilon: 1e-3)
    var x = try appendStem(builder.input(), &builder)
    var auxiliary: [ValueID] = []
    for (name, channels) in Self.blocks {
      x = try appendBlock("inception\(name)", x, channels, &builder)
      if builder.forTraining && (name == "4a" || name == "4d") {
        auxiliary.append(try appendAuxiliary("aux\(auxiliary.count + 1)", x, &builder))
      }
      if name == "3b" { x = try builder.maxPool(x, window: 3, stride: 2, roundsUp: true, name: "maxpool3") }
      if name == "4e" {
        x = try builder.maxPool(
          x, window: variant == .original ? 3 : 2, stride: 2, roundsUp: true, name: "maxpool4")
      }
    }
    x = try builder.globalAveragePool(x, name: "avgpool")
    return builder.finish(try builder.classifier("fc", x), auxiliary: auxiliary)
  }

  private func appendStem(_ input: ValueID, _ builder: inout NetworkBuilder) throws(GraphError) -> ValueID {
    let normalization = LocalResponseNormalization(before: 2, after: 2, alpha: 2e-5, beta: 0.75, bias: 1)
    var x = try appendLayer("conv1", input, channels: 64, kernel: 7, stride: 2, &builder)
    x = try builder.maxPool(x, window: 3, stride: 2, roundsUp: true, name: "maxpool1")
    if variant == .original { x = try builder.apply(normalization, x, name: "norm1") }
    x = try appendLayer("conv2", x, channels: 64, kernel: 1, &builder)
    x = try appendLayer("conv3", x, channels: 192, kernel: 3, &builder)
    if variant == .original { x = try builder.apply(normalization, x, name: "norm2") }
    return try builder.maxPool(x, window: 3, stride: 2, roundsUp: true, name: "maxpool2")
  }

  private func appendBlock(
    _ name: String, _ input: ValueID, _ channels: [Int], _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let first = try appendLayer("\(name).branch1", input, channels: channels[0], kernel: 1, &builder)
    var second = try appendLayer("\(name).branch2.0", input, channels: channels[1], kernel: 1, &builder)
    second = try appendLayer("\(name).branch2.1", second, channels: channels[2], kernel: 3, &builder)
    var third = try appendLayer("\(name).branch3.0", input, channels: channels[3], kernel: 1, &builder)
    third = try appendLayer(
      "\(name).branch3.1", third, channels: channels[4], kernel: variant == .original ? 5 : 3, &builder)
    var fourth = try builder.maxPool(input, window: 3, stride: 1, padding: .half, name: "\(name).branch4.0")
    fourth = try appendLayer("\(name).branch4.1", fourth, channels: channels[5], kernel: 1, &builder)
    return try builder.concat([first, second, third, fourth], name: "\(name).concat")
  }

  private func appendAuxiliary(
    _ name: String, _ input: ValueID, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    var x = try builder.averagePool(input, window: 5, stride: 3, name: "\(name).pool")
    x = try appendLayer("\(name).conv", x, channels: 128, kernel: 1, &builder)
    x = try builder.linear("\(name).fc1", x, features: builder.channels(1024))
    x = try builder.relu(x, name: "\(name).relu")
    return try builder.classifier("\(name).fc2", x)
  }

  private func appendLayer(
    _ name: String, _ x: ValueID, channels: Int, kernel: Int, stride: Int = 1, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let channels = builder.channels(channels)
    guard variant == .original else {
      return try builder.layer(.module(name), x, channels: channels, kernel: kernel, stride: stride)
    }
    let x = try builder.convolution(name, x, channels: channels, kernel: kernel, stride: stride, hasBias: true)
    return try builder.relu(x, name: "\(name).relu")
  }
}
