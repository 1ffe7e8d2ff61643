import Graph

/// Appends layers with seeded weights, named as in PyTorch checkpoints: `NAME.weight`, `NAME.bias`, and for batch
/// normalization `NAME.running_mean` and `NAME.running_var` as well.
///
/// The layers are in files beside this one: convolutions, pooling, blocks of several layers.
struct NetworkBuilder {
  private(set) var graph: Graph
  /// Of every normalization.
  let epsilon: Float
  /// Outputs of the last layer.
  let classes: Int
  /// Whether auxiliary classifiers are wanted.
  let forTraining: Bool
  private let size: Size2D
  private let inputChannels: Int
  private let width: Double
  /// nil: the parameters have names and shapes alone.
  private let initialization: Initialization?

  /// Starts an empty network.
  /// - Throws: `GraphError` when the options are out of range.
  init(
    _ architecture: some Architecture, _ options: ArchitectureOptions, epsilon: Float = 1e-5
  ) throws(GraphError) {
    let size = options.inputSize ?? architecture.inputSize
    let classes = options.classes ?? architecture.classes
    guard (1...1_000_000).contains(size.height), (1...1_000_000).contains(size.width),
      size.height * size.width <= 1 << 26
    else {
      throw GraphError(
        "\(architecture.name): the input's sides must lie in 1…1000000, with 67108864 pixels at most; it was to be "
          + "\(size.height)×\(size.width)")
    }
    guard (1...1_000_000).contains(classes) else {
      throw GraphError("\(architecture.name): the number of classes must lie in 1…1000000, not \(classes)")
    }
    guard (0.01...16).contains(options.width) else {
      throw GraphError("\(architecture.name): the width must lie in 0.01…16, not \(options.width)")
    }
    graph = Graph(name: architecture.name)
    self.epsilon = epsilon
    (self.size, self.classes, forTraining) = (size, classes, options.forTraining)
    inputChannels = architecture.inputChannels
    width = options.width
    initialization =
      options.weights == .random ? Initialization(seed: options.seed, distribution: options.distribution) : nil
  }

  /// The image.
  mutating func input() -> ValueID {
    graph.addInput("input", shape: [1, size.height, size.width, inputChannels])
  }

  /// The signal: `size.width` samples of some channels, [1,L,C].
  mutating func signalInput() throws(GraphError) -> ValueID {
    let input = graph.addInput("input", shape: [1, size.height * size.width, inputChannels])
    return try graph.apply(Reshape(shape: [1, 1, size.height * size.width, inputChannels]), input, name: "signal")
  }

  /// The finished network; `auxiliary` outputs are there for training alone.
  mutating func finish(_ logits: ValueID, auxiliary: [ValueID] = []) -> Graph {
    graph[logits].name = "logits"
    for (index, id) in auxiliary.enumerated() { graph[id].name = "auxiliary\(index + 1)" }
    graph.outputs = [logits] + auxiliary
    return graph
  }

  /// The design's number of channels, scaled by the options' width.
  func channels(_ count: Int) -> Int {
    width == 1 ? count : roundedToMultipleOfEight(Double(count) * width)
  }

  func shape(_ x: ValueID) -> [Int] { graph[x].shape }

  /// Channels of x.
  func depth(_ x: ValueID) -> Int { graph[x].shape.last ?? 1 }

  mutating func apply(_ operation: any Operator, _ inputs: ValueID..., name: String) throws(GraphError) -> ValueID {
    try graph.append(operation, inputs, name: name)[0]
  }

  mutating func apply(_ operation: any Operator, to inputs: [ValueID], name: String) throws(GraphError) -> ValueID {
    try graph.append(operation, inputs, name: name)[0]
  }

  /// Random weights of layer `name`, each sum over `inputs` products, each input in `outputs` sums.
  mutating func addWeights(_ name: String, _ shape: [Int], inputs: Int, outputs: Int) -> ValueID {
    addParameter("\(name).weight", shape) {
      $0.weights("\(name).weight", shape: shape, inputs: inputs, outputs: outputs)
    }
  }

  /// A bias that starts at 0; one that is no parameter stays there.
  mutating func addBias(_ name: String, _ count: Int, isParameter: Bool) -> ValueID {
    addConstant(isParameter ? "\(name).bias" : "\(name)\(Parameter.fixedSuffix)", [count], 0)
  }

  /// A parameter, or a fixed constant, that is `value` everywhere.
  mutating func addConstant(_ name: String, _ shape: [Int], _ value: Float) -> ValueID {
    addParameter(name, shape) { _ in Tensor(shape: shape, repeating: value) }
  }

  private mutating func addParameter(
    _ name: String, _ shape: [Int], _ make: (Initialization) -> Tensor
  ) -> ValueID {
    graph.addValue(name, shape: shape, constant: initialization.map(make))
  }
}
