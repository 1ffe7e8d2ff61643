import Graph

/// Inception v4 (Szegedy et al., 2017), with parameters named as in `pretrainedmodels` and timm.
public struct InceptionV4: Architecture {
  /// Every network that can be built by name.
  public static let all = [InceptionV4()]

  /// The one size.
  public init() {}

  /// "Inception-v4".
  public var name: String { "Inception-v4" }
  /// 299×299.
  public var inputSize: Size2D { Size2D(299, 299) }
  /// Pixels mapped to −1…1.
  public var preprocessing: ArchitecturePreprocessing { .inception }
  /// pytorchcv's README.
  public var published: PublishedCount? { PublishedCount(42_679_816, "pytorchcv's README") }

  private typealias Layer = InceptionLayer

  private static let square: [[Layer]] = [
    [Layer("branch0", 96, 1)], [Layer("branch1.0", 64, 1), Layer("branch1.1", 96, 3)],
    [Layer("branch2.0", 64, 1), Layer("branch2.1", 96, 3), Layer("branch2.2", 96, 3)],
  ]
  private static let firstHalving: [[Layer]] = [
    [Layer("branch0", 384, 3).halving],
    [Layer("branch1.0", 192, 1), Layer("branch1.1", 224, 3), Layer("branch1.2", 256, 3).halving],
  ]
  private static let separated: [[Layer]] = [
    [Layer("branch0", 384, 1)],
    [Layer("branch1.0", 192, 1), Layer("branch1.1", 224, 1, 7), Layer("branch1.2", 256, 7, 1)],
    [
      Layer("branch2.0", 192, 1), Layer("branch2.1", 192, 7, 1), Layer("branch2.2", 224, 1, 7),
      Layer("branch2.3", 224, 7, 1), Layer("branch2.4", 256, 1, 7),
    ],
  ]
  private static let secondHalving: [[Layer]] = [
    [Layer("branch0.0", 192, 1), Layer("branch0.1", 192, 3).halving],
    [
      Layer("branch1.0", 256, 1), Layer("branch1.1", 256, 1, 7), Layer("branch1.2", 320, 7, 1),
      Layer("branch1.3", 320, 3).halving,
    ],
  ]

  /// The network.
  /// - Throws: `GraphError` when the image is too small (less than 75 pixels a side) or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options, epsilon: 1e-3)
    var x = try appendStem(builder.input(), &builder)
    for place in 6...9 { x = try append("features.\(place)", x, Self.square, pooled: 96, &builder) }
    x = try append("features.10", x, Self.firstHalving, pooled: nil, &builder)
    for place in 11...17 { x = try append("features.\(place)", x, Self.separated, pooled: 128, &builder) }
    x = try append("features.18", x, Self.secondHalving, pooled: nil, &builder)
    for place in 19...21 { x = try appendSpread("features.\(place)", x, &builder) }
    x = try builder.globalAveragePool(x, name: "avgpool")
    return builder.finish(try builder.classifier("last_linear", x))
  }

  private func appendStem(_ input: ValueID, _ builder: inout NetworkBuilder) throws(GraphError) -> ValueID {
    var x = try builder.inceptionBranch(
      "features", input, [Layer("0", 32, 3).halving, Layer("1", 32, 3).unpadded, Layer("2", 64, 3)])
    var pool = try builder.inceptionHalvingPool("features.3", x)
    x = try builder.inceptionBranch("features.3", x, [Layer("conv", 96, 3).halving])
    x = try builder.concat([pool, x], name: "features.3")
    let branches = try builder.inceptionBranches(
      "features.4", x,
      [
        [Layer("branch0.0", 64, 1), Layer("branch0.1", 96, 3).unpadded],
        [
          Layer("branch1.0", 64, 1), Layer("branch1.1", 64, 1, 7), Layer("branch1.2", 64, 7, 1),
          Layer("branch1.3", 96, 3).unpadded,
        ],
      ])
    x = try builder.concat(branches, name: "features.4")
    pool = try builder.inceptionHalvingPool("features.5", x)
    x = try builder.inceptionBranch("features.5", x, [Layer("conv", 192, 3).halving])
    return try builder.concat([x, pool], name: "features.5")
  }

  /// Branches, and the pool's: means and 1×1 to `pooled` channels, or, where the block halves the image, maxima.
  private func append(
    _ name: String, _ input: ValueID, _ layers: [[Layer]], pooled: Int?, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let branches = try builder.inceptionBranches(name, input, layers)
    let pool =
      if let pooled {
        try builder.inceptionPool(name, input, Layer("branch3.1", pooled, 1), countsPadding: false)
      } else {
        try builder.inceptionHalvingPool(name, input)
      }
    return try builder.concat(branches + [pool], name: name)
  }

  /// Figure 6 of the paper: 1×3 and 3×1 side by side.
  private func appendSpread(
    _ name: String, _ input: ValueID, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    var branches = try builder.inceptionBranches(name, input, [[Layer("branch0", 256, 1)]])
    let single = try builder.inceptionBranch(name, input, [Layer("branch1_0", 384, 1)])
    branches += try builder.inceptionBranches(
      name, single, [[Layer("branch1_1a", 256, 1, 3)], [Layer("branch1_1b", 256, 3, 1)]])
    let double = try builder.inceptionBranch(
      name, input, [Layer("branch2_0", 384, 1), Layer("branch2_1", 448, 3, 1), Layer("branch2_2", 512, 1, 3)])
    branches += try builder.inceptionBranches(
      name, double, [[Layer("branch2_3a", 256, 1, 3)], [Layer("branch2_3b", 256, 3, 1)]])
    branches.append(try builder.inceptionPool(name, input, Layer("branch3.1", 256, 1), countsPadding: false))
    return try builder.concat(branches, name: name)
  }
}
