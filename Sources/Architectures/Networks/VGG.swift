import Graph

/// The VGG networks (Simonyan and Zisserman, 2015), with batch normalization or without; parameters are named as in
/// torchvision.
public struct VGG: Architecture {
  /// Convolutions of each stage.
  private static let stages = [11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4]]

  /// Every network that can be built by name.
  public static let all = [11, 13, 16, 19].flatMap { depth in
    [false, true].map { VGG(depth, isNormalized: $0) }
  }

  private let depth: Int
  private let isNormalized: Bool

  /// A network of 11, 13, 16 or 19 layers.
  public init(_ depth: Int, isNormalized: Bool = false) {
    precondition(Self.stages[depth] != nil, "the depth must be 11, 13, 16 or 19")
    self.depth = depth
    self.isNormalized = isNormalized
  }

  /// "VGG-16", "VGG-16-BN".
  public var name: String { "VGG-\(depth)\(isNormalized ? "-BN" : "")" }
  /// torchvision's documentation.
  public var published: PublishedCount? {
    let plain = [11: 132_863_336, 13: 133_047_848, 16: 138_357_544, 19: 143_667_240]
    let normalized = [11: 132_868_840, 13: 133_053_736, 16: 138_365_992, 19: 143_678_248]
    return (isNormalized ? normalized : plain)[depth].map { .torchvision($0) }
  }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    var x = builder.input()
    var place = 0
    for (stage, count) in (Self.stages[depth] ?? []).enumerated() {
      for _ in 0..<count {
        x = try builder.convolution(
          "features.\(place)", x, channels: builder.channels(min(512, 64 << stage)), kernel: 3, hasBias: true)
        if isNormalized {
          place += 1
          x = try builder.normalization("features.\(place)", x)
        }
        x = try builder.relu(x, name: "features.\(place + 1)")
        place += 2
      }
      x = try builder.maxPool(x, window: 2, name: "features.\(place)")
      place += 1
    }
    for name in ["classifier.0", "classifier.3"] {
      x = try builder.linear(name, x, features: builder.channels(4096))
      x = try builder.relu(x, name: "\(name).relu")
    }
    return builder.finish(try builder.classifier("classifier.6", x))
  }
}
