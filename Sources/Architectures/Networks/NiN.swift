import Graph

/// Network in network (Lin, Chen and Yan, 2014): each convolution is followed by two 1×1 convolutions, and the last one
/// has a channel a class.
public struct NiN: Architecture {
  /// What it was designed for.
  public enum Variant: CaseIterable, Sendable {
    /// CIFAR-10.
    case cifar
    /// ImageNet, as in Caffe's model zoo.
    case imagenet
  }

  /// One of three blocks: its convolution, and the channels of the two that follow.
  private struct Block {
    var channels: Int
    var kernel: Int
    var stride = 1
    var mixed: [Int]
  }

  /// Every network that can be built by name.
  public static let all = Variant.allCases.map { NiN($0) }

  private let variant: Variant

  /// One of the two networks.
  public init(_ variant: Variant) { self.variant = variant }

  /// "NiN-CIFAR", "NiN".
  public var name: String { variant == .cifar ? "NiN-CIFAR" : "NiN" }
  /// 32×32 or 224×224.
  public var inputSize: Size2D { variant == .cifar ? Size2D(32, 32) : Size2D(224, 224) }
  /// 10 or 1000.
  public var classes: Int { variant == .cifar ? 10 : 1000 }
  /// ImageNet statistics.
  public var preprocessing: ArchitecturePreprocessing { variant == .cifar ? .cifar10 : .imagenet }
  /// pytorchcv's README; by the layer sizes of Caffe's `nin_imagenet`.
  public var published: PublishedCount? {
    variant == .cifar
      ? PublishedCount(966_986, "pytorchcv's README")
      : PublishedCount(7_595_176, "the layer sizes of Caffe's nin_imagenet (a file of 29 MB)")
  }

  private func blocks(_ classes: Int) -> [Block] {
    switch variant {
    case .cifar:
      [
        Block(channels: 192, kernel: 5, mixed: [160, 96]), Block(channels: 192, kernel: 5, mixed: [192, 192]),
        Block(channels: 192, kernel: 3, mixed: [192, classes]),
      ]
    case .imagenet:
      [
        Block(channels: 96, kernel: 11, stride: 4, mixed: [96, 96]),
        Block(channels: 256, kernel: 5, mixed: [256, 256]),
        Block(channels: 384, kernel: 3, mixed: [384, 384]), Block(channels: 1024, kernel: 3, mixed: [1024, classes]),
      ]
    }
  }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    var x = builder.input()
    let blocks = blocks(builder.classes)
    for (index, block) in blocks.enumerated() {
      let isLast = index == blocks.count - 1
      for (layer, channels) in ([block.channels] + block.mixed).enumerated() {
        let name = layer == 0 ? "conv\(index + 1)" : "cccp\(2 * index + layer)"
        x = try builder.convolution(
          name, x, channels: isLast && layer == 2 ? channels : builder.channels(channels),
          kernel: layer == 0 ? block.kernel : 1, stride: layer == 0 ? block.stride : 1,
          padding: layer == 0 && block.stride > 1 ? .none : .half, hasBias: true)
        x = try builder.relu(x, name: "\(name).relu")
      }
      if isLast { break }
      // The CIFAR network takes means before its last block.
      x =
        variant == .cifar && index == 1
        ? try builder.averagePool(x, window: 3, stride: 2, roundsUp: true, name: "pool\(index + 1)")
        : try builder.maxPool(x, window: 3, stride: 2, roundsUp: true, name: "pool\(index + 1)")
    }
    x = try builder.globalAveragePool(x, name: "pool\(blocks.count)")
    return builder.finish(try builder.apply(Reshape(shape: [1, builder.classes]), x, name: "flatten"))
  }
}
