import Graph

/// LeNet-5 (LeCun et al., 1998) with the layer sizes of the paper, ReLU and max pooling, for 28×28 gray images.
public struct LeNet5: Architecture {
  /// Every network that can be built by name.
  public static let all = [LeNet5()]

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
  /// With full connections between the convolutions.
  public var published: PublishedCount? {
    PublishedCount(61_706, "LeCun et al. 1998, its layer sizes, fully connected")
  }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    var x = builder.input()
    x = try builder.convolution(
      "conv1", x, channels: builder.channels(6), kernel: 5, padding: .symmetric(2), hasBias: true)
    x = try builder.relu(x, name: "conv1.relu")
    x = try builder.maxPool(x, window: 2, name: "pool1")
    x = try builder.convolution("conv2", x, channels: builder.channels(16), kernel: 5, padding: .none, hasBias: true)
    x = try builder.relu(x, name: "conv2.relu")
    x = try builder.maxPool(x, window: 2, name: "pool2")
    x = try builder.linear("fc1", x, features: builder.channels(120))
    x = try builder.relu(x, name: "fc1.relu")
    x = try builder.linear("fc2", x, features: builder.channels(84))
    x = try builder.relu(x, name: "fc2.relu")
    return builder.finish(try builder.classifier("fc3", x))
  }
}
