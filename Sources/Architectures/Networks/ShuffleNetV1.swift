import Graph

/// ShuffleNet (Zhang et al., 2018): grouped 1×1 convolutions with a channel shuffle between them.
public struct ShuffleNetV1: Architecture {
  /// Channels of the first stage for each number of groups (table 1 of the paper).
  private static let channels = [1: 144, 2: 200, 3: 240, 4: 272, 8: 384]

  /// Every network that can be built by name.
  public static let all = [1, 2, 3, 4, 8].map { ShuffleNetV1(groups: $0) }

  private let groups: Int

  /// A network with 1, 2, 3, 4 or 8 groups.
  public init(groups: Int) {
    precondition(Self.channels[groups] != nil, "there are 1, 2, 3, 4 or 8 groups")
    self.groups = groups
  }

  /// "ShuffleNet-g3".
  public var name: String { "ShuffleNet-g\(groups)" }
  /// For the paper's usual three groups.
  public var aliases: [String] { groups == 3 ? ["ShuffleNet", "ShuffleNetV1"] : [] }
  /// pytorchcv's README.
  public var published: PublishedCount? {
    [1: 1_531_936, 2: 1_733_848, 3: 1_865_728, 4: 1_968_344, 8: 2_434_768][groups]
      .map { PublishedCount($0, "pytorchcv's README") }
  }

  /// The network.
  /// - Throws: `GraphError` when the width leaves channels that do not divide into the groups.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    var x = builder.input()
    x = try builder.layer(
      LayerNames(convolution: "conv1", normalization: "bn1"), x, channels: scaled(24, builder), kernel: 3, stride: 2)
    x = try builder.maxPool(x, window: 3, stride: 2, padding: .half, name: "maxpool")
    for (stage, count) in [4, 8, 4].enumerated() {
      for unit in 0..<count {
        x = try appendUnit(
          "stage\(stage + 2).\(unit)", x, channels: scaled(Self.channels[groups, default: 240] << stage, builder),
          strides: unit == 0, compressGroups: stage == 0 && unit == 0 ? 1 : groups, &builder)
      }
    }
    x = try builder.globalAveragePool(x, name: "pool")
    return builder.finish(try builder.classifier("fc", x))
  }

  /// A multiple of 4 · groups, so that every grouped convolution divides.
  private func scaled(_ channels: Int, _ builder: NetworkBuilder) -> Int {
    let (wanted, unit) = (builder.channels(channels), 4 * groups)
    return wanted == channels ? channels : (wanted + unit - 1) / unit * unit
  }

  /// Compress in groups, shuffle, depthwise, expand in groups; a striding unit sets its result beside means of the input.
  private func appendUnit(
    _ name: String, _ input: ValueID, channels: Int, strides: Bool, compressGroups: Int,
    _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let result = strides ? channels - builder.depth(input) : channels
    var x = try builder.layer(.member(name, 1), input, channels: channels / 4, kernel: 1, groups: compressGroups)
    if groups > 1 { x = try builder.channelShuffle(x, groups: groups, name: "\(name).shuffle") }
    x = try builder.depthwiseLayer(.member(name, 2), x, kernel: 3, stride: strides ? 2 : 1, activation: nil)
    x = try builder.layer(.member(name, 3), x, channels: result, kernel: 1, groups: groups, activation: nil)
    if strides {
      let means = try builder.averagePool(
        input, window: 3, stride: 2, padding: .half, countsPadding: true, name: "\(name).pool")
      x = try builder.concat([x, means], name: "\(name).concat")
    } else {
      x = try builder.add(x, input, name: "\(name).add")
    }
    return try builder.relu(x, name: "\(name).relu")
  }
}
