import Graph

/// LeNet-5 (LeCun et al., 1998) with the layer sizes of the paper, ReLU and max pooling, for 28×28 gray images.
public struct LeNet5: Architecture {
  /// The one size.
  public init() {}

  /// "LeNet-5".
  public var name: String { "LeNet-5" }
  /// The short name.
  public var aliases: [String] { ["lenet"] }
  /// 28×28.
  public var inputSize: Size2D { Size2D(28, 28) }
  /// Gray.
  public var inputChannels: Int { 1 }
  /// Digits.
  public var classes: Int { 10 }
  /// Pixel ÷ 255.
  public var preprocessing: ArchitecturePreprocessing { .mnist }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = NetworkBuilder(name: name, seed: options.seed)
    var x = try builder.input(self, options)
    x = try builder.convolution("conv1", x, channels: 6, kernel: 5, padding: .symmetric(2), hasBias: true)
    x = try builder.activation(.relu, x, name: "conv1.relu")
    x = try builder.maxPool(x, window: 2, name: "pool1")
    x = try builder.convolution("conv2", x, channels: 16, kernel: 5, padding: .symmetric(0), hasBias: true)
    x = try builder.activation(.relu, x, name: "conv2.relu")
    x = try builder.maxPool(x, window: 2, name: "pool2")
    x = try builder.linear("fc1", x, features: 120)
    x = try builder.activation(.relu, x, name: "fc1.relu")
    x = try builder.linear("fc2", x, features: 84)
    x = try builder.activation(.relu, x, name: "fc2.relu")
    return builder.finish(try builder.linear("fc3", x, features: options.classes ?? classes))
  }
}
