import Graph

/// ShuffleNet V2 (Ma et al., 2018), with parameters named as in torchvision.
public struct ShuffleNetV2: Architecture {
  /// Channels of the three stages and of the last convolution for each width (table 5 of the paper).
  private static let channels = [
    0.5: [48, 96, 192, 1024], 1.0: [116, 232, 464, 1024], 1.5: [176, 352, 704, 1024], 2.0: [244, 488, 976, 2048],
  ]

  /// Every network that can be built by name.
  public static let all = [0.5, 1.0, 1.5, 2.0].map { ShuffleNetV2(width: $0) }

  private let width: Double

  /// A network of width 0.5, 1, 1.5 or 2.
  public init(width: Double) {
    precondition(Self.channels[width] != nil, "the width must be 0.5, 1, 1.5 or 2")
    self.width = width
  }

  /// "ShuffleNetV2-1.0".
  public var name: String { "ShuffleNetV2-\(width)" }
  /// Without the width for 1.0.
  public var aliases: [String] { width == 1 ? ["ShuffleNetV2"] : [] }
  /// torchvision's documentation.
  public var published: PublishedCount? {
    [0.5: 1_366_792, 1.0: 2_278_604, 1.5: 3_503_624, 2.0: 7_393_996][width].map { .torchvision($0) }
  }

  /// The network.
  /// - Throws: `GraphError` when the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    let channels = Self.channels[width] ?? []
    var x = builder.input()
    x = try builder.layer(.sequence("conv1"), x, channels: builder.channels(24), kernel: 3, stride: 2)
    x = try builder.maxPool(x, window: 3, stride: 2, padding: .half, name: "maxpool")
    for (stage, count) in [4, 8, 4].enumerated() {
      for unit in 0..<count {
        x = try appendUnit(
          "stage\(stage + 2).\(unit)", x, half: builder.channels(channels[stage]) / 2, strides: unit == 0, &builder)
      }
    }
    x = try builder.layer(.sequence("conv5"), x, channels: builder.channels(channels[3]), kernel: 1)
    x = try builder.globalAveragePool(x, name: "pool")
    return builder.finish(try builder.classifier("fc", x))
  }

  /// Half of the channels pass by (a striding unit convolves all of them on both ways), then both are shuffled.
  private func appendUnit(
    _ name: String, _ input: ValueID, half: Int, strides: Bool, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    func names(_ branch: Int, _ convolution: Int) -> LayerNames {
      LayerNames(
        convolution: "\(name).branch\(branch).\(convolution)",
        normalization: "\(name).branch\(branch).\(convolution + 1)")
    }
    var (left, right) = (input, input)
    if strides {
      left = try builder.depthwiseLayer(names(1, 0), input, kernel: 3, stride: 2, activation: nil)
      left = try builder.layer(names(1, 2), left, channels: half, kernel: 1)
    } else {
      left = try builder.channelRange(input, 0..<half, name: "\(name).left")
      right = try builder.channelRange(input, half..<2 * half, name: "\(name).right")
    }
    right = try builder.layer(names(2, 0), right, channels: half, kernel: 1)
    right = try builder.depthwiseLayer(names(2, 3), right, kernel: 3, stride: strides ? 2 : 1, activation: nil)
    right = try builder.layer(names(2, 5), right, channels: half, kernel: 1)
    let x = try builder.concat([left, right], name: "\(name).concat")
    return try builder.channelShuffle(x, groups: 2, name: "\(name).shuffle")
  }
}
