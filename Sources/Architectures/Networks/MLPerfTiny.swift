import Graph

/// The reference networks of MLPerf Tiny (Banbury et al., 2021), with TensorFlow's padding and biases in all
/// convolutions. Trained ones are published as TFLite files, which `martlet convert` reads.
public struct MLPerfTiny: Architecture {
  /// The four tasks of the first benchmark.
  public enum Task: CaseIterable, Sendable {
    /// ResNet-8 on CIFAR-10.
    case imageClassification
    /// DS-CNN (Zhang et al., 2017) on 49 frames of 10 coefficients.
    case keywordSpotting
    /// MobileNetV1 of width 0.25 on 96×96 pixels: is there a person?
    case visualWakeWords
    /// An autoencoder of 640 numbers (five frames of 128 Mel bands).
    case anomalyDetection
  }

  /// Every network that can be built by name.
  public static let all = Task.allCases.map { MLPerfTiny($0) }

  private let task: Task

  /// The network for one of the tasks.
  public init(_ task: Task) { self.task = task }

  /// "MLPerfTiny-ResNet-8", "MLPerfTiny-DS-CNN", "MLPerfTiny-MobileNetV1-0.25", "MLPerfTiny-Autoencoder".
  public var name: String {
    switch task {
    case .imageClassification: "MLPerfTiny-ResNet-8"
    case .keywordSpotting: "MLPerfTiny-DS-CNN"
    case .visualWakeWords: "MLPerfTiny-MobileNetV1-0.25"
    case .anomalyDetection: "MLPerfTiny-Autoencoder"
    }
  }
  /// Short ones.
  public var aliases: [String] {
    switch task {
    case .imageClassification: []
    case .keywordSpotting: ["DS-CNN"]
    case .visualWakeWords: ["VWW-MobileNet"]
    case .anomalyDetection: ["Autoencoder"]
    }
  }
  /// 32×32, 49×10, 96×96, 1×1.
  public var inputSize: Size2D {
    switch task {
    case .imageClassification: Size2D(32, 32)
    case .keywordSpotting: Size2D(49, 10)
    case .visualWakeWords: Size2D(96, 96)
    case .anomalyDetection: .one
    }
  }
  /// RGB, one coefficient, RGB, 640 numbers.
  public var inputChannels: Int {
    switch task {
    case .imageClassification, .visualWakeWords: 3
    case .keywordSpotting: 1
    case .anomalyDetection: 640
    }
  }
  /// 10, 12 and 2; the autoencoder gives its 640 numbers again.
  public var classes: Int {
    switch task {
    case .imageClassification: 10
    case .keywordSpotting: 12
    case .visualWakeWords: 2
    case .anomalyDetection: 640
    }
  }
  /// Pixels 0–255 as they are for ResNet-8, ÷ 255 for MobileNet; the others take no pictures.
  public var preprocessing: ArchitecturePreprocessing {
    task == .visualWakeWords ? .unit : .raw(channels: inputChannels)
  }
  /// "Total params" of the Keras reference models (mlcommons/tiny), which count running means and variances.
  public var published: PublishedCount? {
    let count =
      switch task {
      case .imageClassification: 78_666
      case .keywordSpotting: 24_908
      case .visualWakeWords: 221_794
      case .anomalyDetection: 269_992
      }
    return PublishedCount(count, "Keras summary of mlcommons/tiny's model", countsStatistics: true)
  }

  /// The network.
  /// - Throws: `GraphError` when the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options, epsilon: 1e-3)
    var x = builder.input()
    switch task {
    case .imageClassification: x = try appendResNet(x, &builder)
    case .keywordSpotting: x = try appendDSCNN(x, &builder)
    case .visualWakeWords: x = try appendMobileNet(x, &builder)
    case .anomalyDetection: x = try appendAutoencoder(x, &builder)
    }
    return builder.finish(try builder.classifier("dense", x))
  }

  private func appendResNet(_ input: ValueID, _ builder: inout NetworkBuilder) throws(GraphError) -> ValueID {
    var x = try builder.layer(
      .member("stem", 1), input, channels: builder.channels(16), kernel: 3, padding: .same, hasBias: true)
    for stage in 0..<3 {
      let (name, channels, stride) = ("stack\(stage + 1)", builder.channels(16 << stage), stage == 0 ? 1 : 2)
      var y = try builder.layer(
        .member(name, 1), x, channels: channels, kernel: 3, stride: stride, padding: .same, hasBias: true)
      y = try builder.layer(
        .member(name, 2), y, channels: channels, kernel: 3, padding: .same, hasBias: true, activation: nil)
      if stride != 1 {
        x = try builder.convolution(
          "\(name).shortcut", x, channels: channels, kernel: 1, stride: stride, padding: .same, hasBias: true)
      }
      x = try builder.add(x, y, name: "\(name).add")
      x = try builder.relu(x, name: "\(name).relu")
    }
    return try builder.globalAveragePool(x, name: "pool")
  }

  private func appendDSCNN(_ input: ValueID, _ builder: inout NetworkBuilder) throws(GraphError) -> ValueID {
    var x = try builder.layer(
      .member("stem", 1), input, channels: builder.channels(64), kernel: Size2D(10, 4), stride: Size2D(2, 2),
      padding: .same, hasBias: true)
    for block in 1...4 {
      x = try builder.depthwiseLayer(.member("block\(block)", 1), x, kernel: 3, hasBias: true)
      x = try builder.layer(.member("block\(block)", 2), x, channels: builder.channels(64), kernel: 1, hasBias: true)
    }
    return try builder.globalAveragePool(x, name: "pool")
  }

  private func appendMobileNet(_ input: ValueID, _ builder: inout NetworkBuilder) throws(GraphError) -> ValueID {
    var x = try builder.layer(
      .member("stem", 1), input, channels: builder.channels(8), kernel: 3, stride: 2, padding: .same, hasBias: true)
    for (index, (channels, stride)) in MobileNetV1.layers.enumerated() {
      let name = "block\(index + 1)"
      x = try builder.depthwiseLayer(
        .member(name, 1), x, kernel: 3, stride: stride, padding: .same, hasBias: true)
      x = try builder.layer(
        .member(name, 2), x, channels: builder.channels(channels / 4), kernel: 1, hasBias: true)
    }
    return try builder.globalAveragePool(x, name: "pool")
  }

  private func appendAutoencoder(_ input: ValueID, _ builder: inout NetworkBuilder) throws(GraphError) -> ValueID {
    var x = input
    for (index, features) in [128, 128, 128, 128, 8, 128, 128, 128, 128].enumerated() {
      x = try builder.linear("dense\(index + 1)", x, features: builder.channels(features))
      x = try builder.normalized("bn\(index + 1)", x)
    }
    return x
  }
}
