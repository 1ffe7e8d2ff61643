import Graph

/// The one-dimensional residual network of Kachuee, Fazeli and Sarrafzadeh ("ECG heartbeat classification", 2018): one
/// heartbeat of 187 samples at 125 Hz in, five classes out.
public struct ECGNet: Architecture {
  /// Every network that can be built by name.
  public static let all = [ECGNet()]

  /// The one size.
  public init() {}

  /// "ECGNet".
  public var name: String { "ECGNet" }
  /// What people call it.
  public var aliases: [String] { ["ECG-ResNet-1D"] }
  /// 187 samples.
  public var inputSize: Size2D { Size2D(1, 187) }
  /// One lead.
  public var inputChannels: Int { 1 }
  /// Normal, supraventricular, ventricular, fusion, unknown.
  public var classes: Int { 5 }
  /// Numbers as they are, 0…1.
  public var preprocessing: ArchitecturePreprocessing { .raw(channels: 1) }
  /// By the layer sizes of the paper's figure 2, with one hidden fully connected layer.
  public var published: PublishedCount? {
    PublishedCount(53_957, "the layer sizes of the paper's figure 2, as in its Keras versions")
  }

  /// The network.
  /// - Throws: `GraphError` when the signal is too short or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    let channels = builder.channels(32)
    var x = try builder.signalInput()
    x = try builder.convolution1D("conv1", x, channels: channels, kernel: 5, padding: .none, hasBias: true)
    for block in 1...5 {
      let name = "block\(block)"
      var y = try builder.convolution1D("\(name).conv1", x, channels: channels, kernel: 5, hasBias: true)
      y = try builder.relu(y, name: "\(name).relu1")
      y = try builder.convolution1D("\(name).conv2", y, channels: channels, kernel: 5, hasBias: true)
      x = try builder.add(y, x, name: "\(name).add")
      x = try builder.relu(x, name: "\(name).relu2")
      x = try builder.maxPool1D(x, window: 5, stride: 2, name: "\(name).pool")
    }
    x = try builder.linear("fc1", x, features: channels)
    x = try builder.relu(x, name: "fc1.relu")
    return builder.finish(try builder.classifier("fc2", x))
  }
}
