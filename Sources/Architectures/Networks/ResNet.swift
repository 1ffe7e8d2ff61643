import Graph

/// The residual networks for ImageNet of He et al. (2015), section 4.1, and what became of them: ResNeXt (Xie et al.,
/// 2017), wide ones (Zagoruyko and Komodakis, 2016) and SE-ResNet (Hu et al., 2018). Parameters are named as in
/// torchvision, those of SE-ResNet as in `pretrainedmodels` (timm's `legacy_seresnet`).
public struct ResNet: Architecture {
  /// What the blocks are.
  public enum Variant: Hashable, Sendable {
    /// As in the paper, with the stride in the 3×3 convolution as in torchvision.
    case original
    /// ResNeXt: 3×3 convolutions in groups of `groupWidth` channels (in the first stage).
    case grouped(groups: Int, groupWidth: Int)
    /// Bottlenecks of `factor` times the channels.
    case wide(factor: Int)
    /// Squeeze-and-excitation in every block.
    case excited
    /// ResNeXt with squeeze-and-excitation.
    case excitedGrouped(groups: Int, groupWidth: Int)
  }

  /// Every network that can be built by name.
  public static let all: [ResNet] =
    [18, 34, 50, 101, 152].map { ResNet($0) }
    + [
      ResNet(50, .grouped(groups: 32, groupWidth: 4)), ResNet(101, .grouped(groups: 32, groupWidth: 8)),
      ResNet(101, .grouped(groups: 64, groupWidth: 4)), ResNet(50, .wide(factor: 2)), ResNet(101, .wide(factor: 2)),
    ] + [18, 34, 50, 101, 152].map { ResNet($0, .excited) }
    + [
      ResNet(50, .excitedGrouped(groups: 32, groupWidth: 4)),
      ResNet(101, .excitedGrouped(groups: 32, groupWidth: 4)),
    ]

  private let depth: Int
  private let variant: Variant

  /// A network of 18, 34, 50, 101 or 152 layers.
  public init(_ depth: Int, _ variant: Variant = .original) {
    precondition(Self.blockCounts[depth] != nil, "the depth must be 18, 34, 50, 101 or 152")
    self.depth = depth
    self.variant = variant
  }

  private static let blockCounts = [
    18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3],
  ]

  /// "ResNet-50", "ResNeXt-50-32x4d", "WideResNet-50-2", "SE-ResNet-50", "SE-ResNeXt-50-32x4d".
  public var name: String {
    switch variant {
    case .original: "ResNet-\(depth)"
    case .grouped(let groups, let groupWidth): "ResNeXt-\(depth)-\(groups)x\(groupWidth)d"
    case .wide(let factor): "WideResNet-\(depth)-\(factor)"
    case .excited: "SE-ResNet-\(depth)"
    case .excitedGrouped(let groups, let groupWidth): "SE-ResNeXt-\(depth)-\(groups)x\(groupWidth)d"
    }
  }

  /// torchvision's documentation; pytorchcv's README and timm's model tables for SE-ResNet.
  public var published: PublishedCount? {
    switch variant {
    case .original:
      let counts = [18: 11_689_512, 34: 21_797_672, 50: 25_557_032, 101: 44_549_160, 152: 60_192_808]
      return counts[depth].map { .torchvision($0) }
    case .grouped:
      return ["ResNeXt-50-32x4d": 25_028_904, "ResNeXt-101-32x8d": 88_791_336, "ResNeXt-101-64x4d": 83_455_272][name]
        .map { .torchvision($0) }
    case .wide:
      return [50: 68_883_240, 101: 126_886_696][depth].map { .torchvision($0) }
    case .excited:
      let counts = [18: 11_778_592, 34: 21_958_868, 50: 28_088_024, 101: 49_326_872, 152: 66_821_848]
      let source = depth < 50 ? "timm's model table (legacy_seresnet\(depth))" : "pytorchcv's README"
      return counts[depth].map { PublishedCount($0, source) }
    case .excitedGrouped:
      return [50: 27_559_896, 101: 48_955_416][depth].map { PublishedCount($0, "pytorchcv's README") }
    }
  }

  private var isExcited: Bool {
    switch variant {
    case .excited, .excitedGrouped: true
    case .original, .grouped, .wide: false
    }
  }

  private var block: ResidualBlock {
    var block = ResidualBlock(kind: depth < 50 ? .basic : .bottleneck, isExcited: isExcited)
    switch variant {
    case .original: break
    case .excited: block.stridesFirst = true
    case .wide(let factor): block.groupWidth = 64 * factor
    case .grouped(let groups, let groupWidth), .excitedGrouped(let groups, let groupWidth):
      (block.groups, block.groupWidth) = (groups, groupWidth)
    }
    return block
  }

  /// The network.
  /// - Throws: `GraphError` when the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    let stem = isExcited ? "layer0." : ""
    var x = builder.input()
    x = try builder.layer(
      LayerNames(convolution: "\(stem)conv1", normalization: "\(stem)bn1"), x, channels: builder.channels(64),
      kernel: 7, stride: 2)
    x = try builder.maxPool(
      x, window: 3, stride: 2, padding: isExcited ? .none : .half, roundsUp: isExcited, name: "maxpool")
    for (stage, count) in (Self.blockCounts[depth] ?? []).enumerated() {
      x = try builder.residualStage(
        "layer\(stage + 1)", x, block, channels: 64 << stage, count: count, stride: stage == 0 ? 1 : 2)
    }
    x = try builder.globalAveragePool(x, name: "avgpool")
    return builder.finish(try builder.classifier(isExcited ? "last_linear" : "fc", x))
  }
}
