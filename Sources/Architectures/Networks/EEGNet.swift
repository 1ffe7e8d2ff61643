import Graph

/// EEGNet-8,2 (Lawhern et al., 2018): convolutions in time, in space (over the electrodes) and in time again. The image's
/// rows are electrodes, its columns samples at 128 Hz.
public struct EEGNet: Architecture {
  /// Every network that can be built by name.
  public static let all = [EEGNet()]

  /// Filters in time.
  private let temporal = 8
  /// Filters in space for each filter in time.
  private let spatial = 2

  /// The one size.
  public init() {}

  /// "EEGNet-8,2".
  public var name: String { "EEGNet-8,2" }
  /// The short name.
  public var aliases: [String] { ["EEGNet"] }
  /// 64 electrodes, one second.
  public var inputSize: Size2D { Size2D(64, 128) }
  /// One number an electrode and sample.
  public var inputChannels: Int { 1 }
  /// Is the stimulus a target?
  public var classes: Int { 2 }
  /// Numbers as they are.
  public var preprocessing: ArchitecturePreprocessing { .raw(channels: 1) }
  /// Table 3 of the paper, for the P300 data set.
  public var published: PublishedCount? { PublishedCount(2_258, "table 3 of the paper (P300)") }

  /// The network.
  /// - Throws: `GraphError` when there are less than 32 samples or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options, epsilon: 1e-3)
    var x = builder.input()
    let electrodes = builder.shape(x)[1]
    let filters = builder.channels(temporal)
    x = try builder.layer(
      .member("time", 1), x, channels: filters, kernel: Size2D(1, 64), padding: .same, activation: nil)
    x = try builder.layer(
      .member("space", 1), x, channels: filters * spatial, kernel: Size2D(electrodes, 1), padding: .none,
      groups: filters, activation: .elu(alpha: 1))
    x = try builder.averagePool1D(x, window: 4, name: "pool1")
    x = try builder.depthwise("separable.depthwise", x, kernel: Size2D(1, 16), padding: .same)
    x = try builder.layer(
      LayerNames(convolution: "separable.pointwise", normalization: "separable.bn"), x, channels: builder.depth(x),
      kernel: 1, activation: .elu(alpha: 1))
    x = try builder.averagePool1D(x, window: 8, name: "pool2")
    return builder.finish(try builder.classifier("dense", x))
  }
}
