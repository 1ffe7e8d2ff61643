import Graph

/// Inception-ResNet v1 and v2 (Szegedy et al., 2017). Parameters of v1 are named as in facenet-pytorch, those of v2 as in
/// `pretrainedmodels` and timm.
public struct InceptionResNet: Architecture {
  /// The two networks of the paper.
  public enum Version: Int, CaseIterable, Sendable {
    /// As costly as Inception v3.
    case v1 = 1
    /// As costly as Inception v4.
    case v2 = 2
  }

  /// Every network that can be built by name.
  public static let all = Version.allCases.map { InceptionResNet($0) }

  private let version: Version

  /// One of the two networks.
  public init(_ version: Version) { self.version = version }

  /// "Inception-ResNet-v1", "Inception-ResNet-v2".
  public var name: String { "Inception-ResNet-v\(version.rawValue)" }
  /// 299×299.
  public var inputSize: Size2D { Size2D(299, 299) }
  /// Pixels mapped to −1…1.
  public var preprocessing: ArchitecturePreprocessing { .inception }
  /// pytorchcv's README for v2. For v1, facenet-pytorch's network: it has 23,482,624 with an embedding of 512 features
  /// without bias and its normalization (918,528) in place of the 1000 classes (1,793,000).
  public var published: PublishedCount? {
    version == .v2
      ? PublishedCount(55_843_464, "pytorchcv's README")
      : PublishedCount(24_357_096, "facenet-pytorch's 23,482,624, with 1000 classes in place of its embedding")
  }

  private typealias Layer = InceptionLayer

  /// The network.
  /// - Throws: `GraphError` when the image is too small (less than 75 pixels a side) or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options, epsilon: 1e-3)
    var x = try appendStem(builder.input(), &builder)
    let counts = version == .v1 ? [5, 10, 5] : [10, 20, 9]
    for block in 0..<counts[0] { x = try appendResidual("repeat\(place(0)).\(block)", x, first, 0.17, &builder) }
    x = try appendHalving("mixed_6a", x, firstHalving, &builder)
    for block in 0..<counts[1] { x = try appendResidual("repeat\(place(1)).\(block)", x, second, 0.10, &builder) }
    x = try appendHalving("mixed_7a", x, secondHalving, &builder)
    for block in 0..<counts[2] { x = try appendResidual("repeat\(place(2)).\(block)", x, third, 0.20, &builder) }
    x = try appendResidual("block8", x, third, 1, hasRelu: false, &builder)
    if version == .v2 { x = try builder.inceptionBranch("", x, [Layer("conv2d_7b", 1536, 1)]) }
    x = try builder.globalAveragePool(x, name: "avgpool")
    return builder.finish(try builder.classifier(version == .v1 ? "logits" : "last_linear", x))
  }

  /// "_1", "_2", "_3" after "repeat" in v1, and "", "_1", "_2" in v2.
  private func place(_ group: Int) -> String {
    let number = version == .v1 ? group + 1 : group
    return number == 0 ? "" : "_\(number)"
  }

  private func appendStem(_ input: ValueID, _ builder: inout NetworkBuilder) throws(GraphError) -> ValueID {
    var x = try builder.inceptionBranch(
      "", input,
      [
        Layer("conv2d_1a", 32, 3).halving, Layer("conv2d_2a", 32, 3).unpadded, Layer("conv2d_2b", 64, 3),
      ])
    x = try builder.inceptionHalvingPool("maxpool_3a", x)
    x = try builder.inceptionBranch("", x, [Layer("conv2d_3b", 80, 1), Layer("conv2d_4a", 192, 3).unpadded])
    guard version == .v2 else { return try builder.inceptionBranch("", x, [Layer("conv2d_4b", 256, 3).halving]) }
    x = try builder.inceptionHalvingPool("maxpool_5a", x)
    let branches = try builder.inceptionBranches(
      "mixed_5b", x,
      [
        [Layer("branch0", 96, 1)], [Layer("branch1.0", 48, 1), Layer("branch1.1", 64, 5)],
        [Layer("branch2.0", 64, 1), Layer("branch2.1", 96, 3), Layer("branch2.2", 96, 3)],
      ])
    let pool = try builder.inceptionPool("mixed_5b", x, Layer("branch3.1", 64, 1), countsPadding: false)
    return try builder.concat(branches + [pool], name: "mixed_5b")
  }

  private var first: [[Layer]] {
    let wide = version == .v2
    return [
      [Layer("branch0", 32, 1)], [Layer("branch1.0", 32, 1), Layer("branch1.1", 32, 3)],
      [
        Layer("branch2.0", 32, 1), Layer("branch2.1", wide ? 48 : 32, 3), Layer("branch2.2", wide ? 64 : 32, 3),
      ],
    ]
  }

  private var second: [[Layer]] {
    let wide = version == .v2
    return [
      [Layer("branch0", wide ? 192 : 128, 1)],
      [
        Layer("branch1.0", 128, 1), Layer("branch1.1", wide ? 160 : 128, 1, 7),
        Layer("branch1.2", wide ? 192 : 128, 7, 1),
      ],
    ]
  }

  private var third: [[Layer]] {
    let wide = version == .v2
    return [
      [Layer("branch0", 192, 1)],
      [
        Layer("branch1.0", 192, 1), Layer("branch1.1", wide ? 224 : 192, 1, 3),
        Layer("branch1.2", wide ? 256 : 192, 3, 1),
      ],
    ]
  }

  private var firstHalving: [[Layer]] {
    let wide = version == .v2
    return [
      [Layer("branch0", 384, 3).halving],
      [
        Layer("branch1.0", wide ? 256 : 192, 1), Layer("branch1.1", wide ? 256 : 192, 3),
        Layer("branch1.2", wide ? 384 : 256, 3).halving,
      ],
    ]
  }

  private var secondHalving: [[Layer]] {
    let wide = version == .v2
    return [
      [Layer("branch0.0", 256, 1), Layer("branch0.1", 384, 3).halving],
      [Layer("branch1.0", 256, 1), Layer("branch1.1", wide ? 288 : 256, 3).halving],
      [
        Layer("branch2.0", 256, 1), Layer("branch2.1", wide ? 288 : 256, 3),
        Layer("branch2.2", wide ? 320 : 256, 3).halving,
      ],
    ]
  }

  private func appendHalving(
    _ name: String, _ input: ValueID, _ layers: [[Layer]], _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let branches = try builder.inceptionBranches(name, input, layers)
    return try builder.concat(branches + [try builder.inceptionHalvingPool(name, input)], name: name)
  }

  /// Branches, a 1×1 convolution to the input's channels, of which `share` is added to the input.
  private func appendResidual(
    _ name: String, _ input: ValueID, _ layers: [[Layer]], _ share: Float, hasRelu: Bool = true,
    _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let branches = try builder.inceptionBranches(name, input, layers)
    var x = try builder.concat(branches, name: "\(name).concat")
    x = try builder.convolution("\(name).conv2d", x, channels: builder.depth(input), kernel: 1, hasBias: true)
    if share != 1 { x = try builder.scaled(x, by: share, name: "\(name).scale") }
    x = try builder.add(x, input, name: "\(name).add")
    return hasRelu ? try builder.relu(x, name: "\(name).relu") : x
  }
}
