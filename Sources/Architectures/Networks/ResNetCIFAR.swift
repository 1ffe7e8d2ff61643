import Graph

/// The residual networks for CIFAR-10 of He et al. (2015), section 4.2, with parameter-free shortcuts: where a stage
/// halves the image, the shortcut takes every second pixel and pads the channels with zeros. Parameters are named as in
/// PyTorch checkpoints (`layer1.0.conv1.weight`).
public struct ResNetCIFAR: Architecture {
  /// Every network that can be built by name.
  public static let all = [8, 20, 32, 44, 56, 110].map { ResNetCIFAR(depth: $0) }

  private let depth: Int

  /// A network of 6·n + 2 layers: 8, 20, 32, 44, 56, 110.
  public init(depth: Int) {
    precondition(depth >= 8 && (depth - 2).isMultiple(of: 6), "the depth must be 6·n + 2")
    self.depth = depth
  }

  /// "ResNet20-CIFAR".
  public var name: String { "ResNet\(depth)-CIFAR" }
  /// The short name, and one that says what it was trained for.
  public var aliases: [String] { ["ResNet\(depth)", "cifar10_resnet\(depth)"] }
  /// 32×32.
  public var inputSize: Size2D { Size2D(32, 32) }
  /// CIFAR-10's.
  public var classes: Int { 10 }
  /// ImageNet statistics on the whole image.
  public var preprocessing: ArchitecturePreprocessing { .cifar10 }
  /// The README of akamaster/pytorch_resnet_cifar10, in which the shortcuts have no parameters, either.
  public var published: PublishedCount? {
    let counts = [20: 269_722, 32: 464_154, 44: 658_586, 56: 853_018, 110: 1_727_962]
    return counts[depth].map { PublishedCount($0, "pytorch_resnet_cifar10's README and its code") }
  }

  /// The network.
  /// - Throws: `GraphError` when the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    var x = builder.input()
    x = try builder.layer(
      LayerNames(convolution: "conv1", normalization: "bn1"), x, channels: builder.channels(16), kernel: 3)
    for stage in 0..<3 {
      for block in 0..<(depth - 2) / 6 {
        let stride = stage > 0 && block == 0 ? 2 : 1
        x = try appendBlock(
          "layer\(stage + 1).\(block)", x, channels: builder.channels(16 << stage), stride: stride, &builder)
      }
    }
    x = try builder.globalAveragePool(x, name: "pool")
    return builder.finish(try builder.classifier("linear", x))
  }

  private func appendBlock(
    _ name: String, _ input: ValueID, channels: Int, stride: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    var x = try builder.layer(.member(name, 1), input, channels: channels, kernel: 3, stride: stride)
    x = try builder.layer(.member(name, 2), x, channels: channels, kernel: 3, activation: nil)
    let shortcut = stride == 1 ? input : try appendShortcut("\(name).shortcut", input, channels: channels, &builder)
    x = try builder.add(x, shortcut, name: "\(name).add")
    return try builder.relu(x, name: "\(name).relu2")
  }

  private func appendShortcut(
    _ name: String, _ input: ValueID, channels: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let shape = builder.shape(input)
    let missing = channels - shape[3]
    let x = try builder.apply(
      Slice(begin: [0, 0, 0, 0], size: [1, (shape[1] + 1) / 2, (shape[2] + 1) / 2, shape[3]], step: [1, 2, 2, 1]),
      input,
      name: name)
    return try builder.apply(
      Pad(before: [0, 0, 0, missing / 2], after: [0, 0, 0, missing - missing / 2], value: 0), x, name: "\(name).pad")
  }
}
