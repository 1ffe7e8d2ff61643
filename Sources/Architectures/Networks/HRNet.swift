import Graph

/// HRNet-W18 (Wang et al., 2020): images of four resolutions, computed side by side and exchanged again and again, with the
/// head for classification. Parameters are named as in timm.
public struct HRNet: Architecture {
  /// Every network that can be built by name.
  public static let all = [HRNet()]

  /// Channels of the finest resolution; twice as many at each coarser one.
  private let base = 18

  /// The one size.
  public init() {}

  /// "HRNet-W18".
  public var name: String { "HRNet-W\(base)" }
  /// timm's model table and pytorchcv's README.
  public var published: PublishedCount? { PublishedCount(21_299_004, "timm's model table (hrnet_w18)") }

  /// The network.
  /// - Throws: `GraphError` when the image's sides are no multiples of 32, or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    var x = builder.input()
    for number in 1...2 {
      x = try builder.layer(
        LayerNames(convolution: "conv\(number)", normalization: "bn\(number)"), x, channels: builder.channels(64),
        kernel: 3, stride: 2)
    }
    x = try builder.residualStage(
      "layer1", x, ResidualBlock(kind: .bottleneck), channels: 64, count: 4, stride: 1)
    var images = [x]
    for (stage, modules) in [1, 4, 3].enumerated() {
      images = try appendTransition("transition\(stage + 1)", images, stage, &builder)
      for module in 0..<modules { images = try appendModule("stage\(stage + 2).\(module)", images, &builder) }
    }
    return builder.finish(try appendHead(images, &builder))
  }

  private func channels(_ resolution: Int) -> Int { base << resolution }

  /// One more resolution, from the coarsest image; the first transition makes both of its images anew.
  private func appendTransition(
    _ name: String, _ images: [ValueID], _ stage: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> [ValueID] {
    var result = images
    if stage == 0 {
      result[0] = try builder.layer(
        .sequence("\(name).0"), images[0], channels: builder.channels(channels(0)), kernel: 3)
    }
    let coarser = try builder.layer(
      .sequence("\(name).\(images.count).0"), images[images.count - 1],
      channels: builder.channels(channels(images.count)), kernel: 3, stride: 2)
    return result + [coarser]
  }

  /// Four residual blocks at each resolution; then each image becomes the sum of all, resized.
  private func appendModule(
    _ name: String, _ images: [ValueID], _ builder: inout NetworkBuilder
  ) throws(GraphError) -> [ValueID] {
    var branches: [ValueID] = []
    for (index, image) in images.enumerated() {
      branches.append(
        try builder.residualStage(
          "\(name).branches.\(index)", image, ResidualBlock(kind: .basic), channels: channels(index), count: 4,
          stride: 1))
    }
    var result: [ValueID] = []
    for target in branches.indices {
      var sum: ValueID?
      for source in branches.indices {
        let part = try appendResized("\(name).fuse_layers.\(target).\(source)", branches, source, target, &builder)
        sum =
          try sum.map { sum throws(GraphError) in
            try builder.add(sum, part, name: "\(name).fuse_layers.\(target).add\(source)")
          } ?? part
      }
      result.append(try builder.relu(sum ?? branches[target], name: "\(name).fuse_layers.\(target).relu"))
    }
    return result
  }

  private func appendResized(
    _ name: String, _ branches: [ValueID], _ source: Int, _ target: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    var x = branches[source]
    if source == target { return x }
    if source > target {
      x = try builder.layer(
        .sequence(name), x, channels: builder.depth(branches[target]), kernel: 1, activation: nil)
      let shape = builder.shape(branches[target])
      let axis = ResizeAxis(scale: Float(1 << (source - target)), coordinates: .asymmetric)
      return try builder.apply(
        Resize(size: Size2D(shape[1], shape[2]), rows: axis, columns: axis, sampling: .former), x, name: "\(name).2")
    }
    for step in source..<target {
      let isLast = step == target - 1
      x = try builder.layer(
        .sequence("\(name).\(step - source)"), x, channels: builder.depth(branches[isLast ? target : source]),
        kernel: 3,
        stride: 2, activation: isLast ? nil : .relu)
    }
    return x
  }

  /// Each image to four times 32, 64, 128 and 256 channels, the finer ones halved and added to the coarser.
  private func appendHead(_ images: [ValueID], _ builder: inout NetworkBuilder) throws(GraphError) -> ValueID {
    var y: ValueID?
    for (index, image) in images.enumerated() {
      let increased = try builder.residualStage(
        "incre_modules.\(index)", image, ResidualBlock(kind: .bottleneck), channels: 32 << index, count: 1, stride: 1)
      guard let finer = y else {
        y = increased
        continue
      }
      let halved = try builder.layer(
        .sequence("downsamp_modules.\(index - 1)"), finer, channels: builder.depth(increased), kernel: 3, stride: 2,
        hasBias: true)
      y = try builder.add(increased, halved, name: "downsamp_modules.\(index - 1).add")
    }
    var x = try builder.layer(
      .sequence("final_layer"), y ?? images[0], channels: builder.channels(2048), kernel: 1, hasBias: true)
    x = try builder.globalAveragePool(x, name: "global_pool")
    return try builder.classifier("classifier", x)
  }
}
