import Graph

/// Inception v3 (Szegedy et al., 2016), with parameters named as in torchvision. The training form has the auxiliary
/// classifier as a further output.
public struct InceptionV3: Architecture {
  /// Every network that can be built by name.
  public static let all = [InceptionV3()]

  /// The one size.
  public init() {}

  /// "Inception-v3".
  public var name: String { "Inception-v3" }
  /// 299×299.
  public var inputSize: Size2D { Size2D(299, 299) }
  /// Pixels mapped to −1…1.
  public var preprocessing: ArchitecturePreprocessing { .inception }
  /// torchvision's documentation, which counts the auxiliary classifier.
  public var published: PublishedCount? {
    PublishedCount(27_161_264, "torchvision's documentation", isOfTrainingForm: true)
  }

  private typealias Layer = InceptionLayer

  /// The network.
  /// - Throws: `GraphError` when the image is too small (less than 75 pixels a side) or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options, epsilon: 1e-3)
    var x = builder.input()
    x = try builder.inceptionBranch(
      "", x,
      [
        Layer("Conv2d_1a_3x3", 32, 3).halving, Layer("Conv2d_2a_3x3", 32, 3).unpadded, Layer("Conv2d_2b_3x3", 64, 3),
      ])
    x = try builder.inceptionHalvingPool("maxpool1", x)
    x = try builder.inceptionBranch(
      "", x, [Layer("Conv2d_3b_1x1", 80, 1), Layer("Conv2d_4a_3x3", 192, 3).unpadded])
    x = try builder.inceptionHalvingPool("maxpool2", x)
    for (letter, pooled) in [("b", 32), ("c", 64), ("d", 64)] {
      x = try appendSquare("Mixed_5\(letter)", x, pooled: pooled, &builder)
    }
    x = try appendFirstHalving("Mixed_6a", x, &builder)
    for (letter, inner) in [("b", 128), ("c", 160), ("d", 160), ("e", 192)] {
      x = try appendSeparated("Mixed_6\(letter)", x, inner: inner, &builder)
    }
    let auxiliary = builder.forTraining ? [try appendAuxiliary("AuxLogits", x, &builder)] : []
    x = try appendSecondHalving("Mixed_7a", x, &builder)
    for letter in ["b", "c"] { x = try appendSpread("Mixed_7\(letter)", x, &builder) }
    x = try builder.globalAveragePool(x, name: "avgpool")
    return builder.finish(try builder.classifier("fc", x), auxiliary: auxiliary)
  }

  /// Figure 5 of the paper, with one 5×5 convolution.
  private func appendSquare(
    _ name: String, _ input: ValueID, pooled: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let branches = try builder.inceptionBranches(
      name, input,
      [
        [Layer("branch1x1", 64, 1)], [Layer("branch5x5_1", 48, 1), Layer("branch5x5_2", 64, 5)],
        [Layer("branch3x3dbl_1", 64, 1), Layer("branch3x3dbl_2", 96, 3), Layer("branch3x3dbl_3", 96, 3)],
      ])
    let pool = try builder.inceptionPool(name, input, Layer("branch_pool", pooled, 1), countsPadding: true)
    return try builder.concat(branches + [pool], name: name)
  }

  private func appendFirstHalving(
    _ name: String, _ input: ValueID, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let branches = try builder.inceptionBranches(
      name, input,
      [
        [Layer("branch3x3", 384, 3).halving],
        [Layer("branch3x3dbl_1", 64, 1), Layer("branch3x3dbl_2", 96, 3), Layer("branch3x3dbl_3", 96, 3).halving],
      ])
    return try builder.concat(branches + [try builder.inceptionHalvingPool(name, input)], name: name)
  }

  /// Figure 6 of the paper: 7×7 convolutions separated into 1×7 and 7×1.
  private func appendSeparated(
    _ name: String, _ input: ValueID, inner: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let branches = try builder.inceptionBranches(
      name, input,
      [
        [Layer("branch1x1", 192, 1)],
        [Layer("branch7x7_1", inner, 1), Layer("branch7x7_2", inner, 1, 7), Layer("branch7x7_3", 192, 7, 1)],
        [
          Layer("branch7x7dbl_1", inner, 1), Layer("branch7x7dbl_2", inner, 7, 1), Layer("branch7x7dbl_3", inner, 1, 7),
          Layer("branch7x7dbl_4", inner, 7, 1), Layer("branch7x7dbl_5", 192, 1, 7),
        ],
      ])
    let pool = try builder.inceptionPool(name, input, Layer("branch_pool", 192, 1), countsPadding: true)
    return try builder.concat(branches + [pool], name: name)
  }

  private func appendSecondHalving(
    _ name: String, _ input: ValueID, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let branches = try builder.inceptionBranches(
      name, input,
      [
        [Layer("branch3x3_1", 192, 1), Layer("branch3x3_2", 320, 3).halving],
        [
          Layer("branch7x7x3_1", 192, 1), Layer("branch7x7x3_2", 192, 1, 7), Layer("branch7x7x3_3", 192, 7, 1),
          Layer("branch7x7x3_4", 192, 3).halving,
        ],
      ])
    return try builder.concat(branches + [try builder.inceptionHalvingPool(name, input)], name: name)
  }

  /// Figure 7 of the paper: 1×3 and 3×1 side by side.
  private func appendSpread(
    _ name: String, _ input: ValueID, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    var branches = try builder.inceptionBranches(name, input, [[Layer("branch1x1", 320, 1)]])
    let single = try builder.inceptionBranch(name, input, [Layer("branch3x3_1", 384, 1)])
    branches += try builder.inceptionBranches(
      name, single, [[Layer("branch3x3_2a", 384, 1, 3)], [Layer("branch3x3_2b", 384, 3, 1)]])
    let double = try builder.inceptionBranch(
      name, input, [Layer("branch3x3dbl_1", 448, 1), Layer("branch3x3dbl_2", 384, 3)])
    branches += try builder.inceptionBranches(
      name, double, [[Layer("branch3x3dbl_3a", 384, 1, 3)], [Layer("branch3x3dbl_3b", 384, 3, 1)]])
    branches.append(try builder.inceptionPool(name, input, Layer("branch_pool", 192, 1), countsPadding: true))
    return try builder.concat(branches, name: name)
  }

  private func appendAuxiliary(
    _ name: String, _ input: ValueID, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    var x = try builder.averagePool(input, window: 5, stride: 3, name: "\(name).pool")
    x = try builder.inceptionBranch(name, x, [Layer("conv0", 128, 1), Layer("conv1", 768, 5).unpadded])
    x = try builder.globalAveragePool(x, name: "\(name).avgpool")
    return try builder.classifier("\(name).fc", x)
  }
}
