import Graph

/// Residual networks with normalization and ReLU before the convolutions (He et al., "Identity mappings", 2016), and the
/// wide ones for CIFAR-10 (Zagoruyko and Komodakis, 2016), which are built of the same blocks.
public struct PreActivationResNet: Architecture {
  /// What the network is for.
  public enum Variant: Hashable, Sendable {
    /// 18, 34, 50, 101 or 152 layers.
    case imagenet
    /// 6·n + 2 layers of basic blocks, or 9·n + 2 layers of bottlenecks.
    case cifar(isBottleneck: Bool)
    /// 6·n + 4 layers of basic blocks with `factor` times the channels.
    case wide(factor: Int)
  }

  /// Every network that can be built by name.
  public static let all =
    [18, 34, 50, 101, 152].map { PreActivationResNet($0, .imagenet) }
    + [
      PreActivationResNet(20, .cifar(isBottleneck: false)), PreActivationResNet(110, .cifar(isBottleneck: false)),
      PreActivationResNet(164, .cifar(isBottleneck: true)), PreActivationResNet(16, .wide(factor: 10)),
      PreActivationResNet(28, .wide(factor: 10)), PreActivationResNet(40, .wide(factor: 8)),
    ]

  private let depth: Int
  private let variant: Variant

  /// A network of `depth` layers, which must be a depth of the variant.
  public init(_ depth: Int, _ variant: Variant) {
    self.depth = depth
    self.variant = variant
  }

  /// "PreActResNet-50", "PreActResNet-164-CIFAR", "WideResNet-28-10-CIFAR".
  public var name: String {
    switch variant {
    case .imagenet: "PreActResNet-\(depth)"
    case .cifar: "PreActResNet-\(depth)-CIFAR"
    case .wide(let factor): "WideResNet-\(depth)-\(factor)-CIFAR"
    }
  }
  /// The papers' names of the wide ones.
  public var aliases: [String] {
    if case .wide(let factor) = variant { return ["WRN-\(depth)-\(factor)", "WideResNet-\(depth)-\(factor)"] }
    return []
  }
  private var isImageNet: Bool { variant == .imagenet }
  /// 224×224, or 32×32.
  public var inputSize: Size2D { isImageNet ? Size2D(224, 224) : Size2D(32, 32) }
  /// 1000, or 10.
  public var classes: Int { isImageNet ? 1000 : 10 }
  /// ImageNet statistics.
  public var preprocessing: ArchitecturePreprocessing { isImageNet ? .imagenet : .cifar10 }
  /// pytorchcv's README.
  public var published: PublishedCount? {
    let counts = [
      "PreActResNet-18": 11_687_848, "PreActResNet-34": 21_796_008, "PreActResNet-50": 25_549_480,
      "PreActResNet-101": 44_541_608, "PreActResNet-152": 60_185_256, "PreActResNet-20-CIFAR": 272_282,
      "PreActResNet-110-CIFAR": 1_730_522, "PreActResNet-164-CIFAR": 1_703_258,
      "WideResNet-16-10-CIFAR": 17_116_634, "WideResNet-28-10-CIFAR": 36_479_194,
      "WideResNet-40-8-CIFAR": 35_748_314,
    ]
    return counts[name].map { PublishedCount($0, "pytorchcv's README") }
  }

  /// Channels and blocks of each stage, and whether the blocks are bottlenecks.
  private var design: (channels: [Int], counts: [Int], isBottleneck: Bool) {
    switch variant {
    case .imagenet:
      let counts = [18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3]]
      return ([64, 128, 256, 512], counts[depth] ?? [], depth >= 50)
    case .cifar(let isBottleneck):
      return ([16, 32, 64], Array(repeating: (depth - 2) / (isBottleneck ? 9 : 6), count: 3), isBottleneck)
    case .wide(let factor):
      return ([16 * factor, 32 * factor, 64 * factor], Array(repeating: (depth - 4) / 6, count: 3), false)
    }
  }

  /// The network.
  /// - Throws: `GraphError` when the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    var x = builder.input()
    if isImageNet {
      x = try builder.layer(
        LayerNames(convolution: "conv1", normalization: "bn1"), x, channels: builder.channels(64), kernel: 7, stride: 2)
      x = try builder.maxPool(x, window: 3, stride: 2, padding: .half, name: "maxpool")
    } else {
      x = try builder.convolution("conv1", x, channels: builder.channels(16), kernel: 3)
    }
    let design = design
    for (stage, count) in design.counts.enumerated() {
      for block in 0..<count {
        x = try appendBlock(
          "layer\(stage + 1).\(block)", x, channels: design.channels[stage], isBottleneck: design.isBottleneck,
          stride: stage > 0 && block == 0 ? 2 : 1, &builder)
      }
    }
    x = try builder.normalized("bn_last", x)
    x = try builder.globalAveragePool(x, name: "avgpool")
    return builder.finish(try builder.classifier("fc", x))
  }

  private func appendBlock(
    _ name: String, _ input: ValueID, channels: Int, isBottleneck: Bool, stride: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let inner = builder.channels(channels)
    let result = builder.channels(isBottleneck ? 4 * channels : channels)
    let activated = try builder.normalized("\(name).bn1", input)
    var shortcut = input
    if stride != 1 || builder.depth(input) != result {
      shortcut = try builder.convolution("\(name).shortcut", activated, channels: result, kernel: 1, stride: stride)
    }
    var x = try builder.convolution(
      "\(name).conv1", activated, channels: inner, kernel: isBottleneck ? 1 : 3, stride: isBottleneck ? 1 : stride)
    x = try builder.normalized("\(name).bn2", x)
    x = try builder.convolution("\(name).conv2", x, channels: inner, kernel: 3, stride: isBottleneck ? stride : 1)
    if isBottleneck {
      x = try builder.normalized("\(name).bn3", x)
      x = try builder.convolution("\(name).conv3", x, channels: result, kernel: 1)
    }
    return try builder.add(x, shortcut, name: "\(name).add")
  }
}
