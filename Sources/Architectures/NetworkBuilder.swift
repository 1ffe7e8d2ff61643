import Graph

/// Appends layers with seeded weights, named as in PyTorch checkpoints: `NAME.weight`, `NAME.bias`, and for batch
/// normalization `NAME.running_mean` and `NAME.running_var` as well.
struct NetworkBuilder {
  private(set) var graph: Graph
  private let initialization: Initialization

  init(name: String, seed: UInt64) {
    graph = Graph(name: name)
    initialization = Initialization(seed: seed)
  }

  /// Starts with the image that the options or the design say.
  mutating func input(_ architecture: some Architecture, _ options: ArchitectureOptions) throws(GraphError) -> ValueID {
    let size = options.inputSize ?? architecture.inputSize
    let classes = options.classes ?? architecture.classes
    guard (1...8192).contains(size.height), (1...8192).contains(size.width) else {
      throw GraphError("\(architecture.name): the input size must lie in 1…8192, not \(size.height)×\(size.width)")
    }
    guard (1...1_000_000).contains(classes) else {
      throw GraphError("\(architecture.name): the number of classes must lie in 1…1000000, not \(classes)")
    }
    return graph.addInput("input", shape: [1, size.height, size.width, architecture.inputChannels])
  }

  /// The finished network.
  mutating func finish(_ logits: ValueID) -> Graph {
    graph[logits].name = "logits"
    graph.outputs = [logits]
    return graph
  }

  /// A convolution to `channels` channels; without a bias of its own, a fixed zero stands in for it.
  mutating func convolution(
    _ name: String, _ x: ValueID, channels: Int, kernel: Int, stride: Int = 1, padding: Padding, hasBias: Bool = false
  ) throws(GraphError) -> ValueID {
    let inputChannels = graph[x].shape[3]
    let weights = addWeights(name, [channels, kernel, kernel, inputChannels], inputs: kernel * kernel * inputChannels)
    let operation = Conv2D(
      stride: Size2D(stride, stride), dilation: .one, padding: padding.amounts(graph[x].shape, kernel, stride),
      groups: 1)
    return try graph.apply(operation, x, weights, addBias(name, channels, isParameter: hasBias), name: name)
  }

  /// A convolution of each channel by itself, without bias.
  mutating func depthwise(
    _ name: String, _ x: ValueID, kernel: Int, stride: Int = 1, padding: Padding
  ) throws(GraphError) -> ValueID {
    let channels = graph[x].shape[3]
    let weights = addWeights(name, [kernel, kernel, channels], inputs: kernel * kernel)
    let operation = DepthwiseConv2D(
      stride: Size2D(stride, stride), dilation: .one, padding: padding.amounts(graph[x].shape, kernel, stride))
    return try graph.apply(operation, x, weights, addBias(name, channels, isParameter: false), name: name)
  }

  /// Batch normalization that starts as the identity.
  mutating func normalization(_ name: String, _ x: ValueID, epsilon: Float) throws(GraphError) -> ValueID {
    let shape = [graph[x].shape[3]]
    let scale = graph.addConstant("\(name).weight", Tensor(shape: shape, repeating: 1))
    let shift = graph.addConstant("\(name).bias", Tensor(shape: shape))
    let mean = graph.addConstant("\(name).running_mean", Tensor(shape: shape))
    let variance = graph.addConstant("\(name).running_var", Tensor(shape: shape, repeating: 1))
    return try graph.apply(BatchNormalization(epsilon: epsilon), x, scale, shift, mean, variance, name: name)
  }

  /// A fully connected layer with bias, over all elements of x.
  mutating func linear(_ name: String, _ x: ValueID, features: Int) throws(GraphError) -> ValueID {
    let count = graph[x].shape.dropFirst().reduce(1, *)
    let flat = graph[x].shape.count == 2 ? x : try graph.apply(Reshape(shape: [1, count]), x, name: "\(name).flatten")
    let weights = addWeights(name, [features, count], inputs: count)
    return try graph.apply(FullyConnected(), flat, weights, addBias(name, features, isParameter: true), name: name)
  }

  mutating func activation(
    _ function: Activation.Function, _ x: ValueID, name: String
  ) throws(GraphError) -> ValueID {
    try graph.apply(Activation(function), x, name: name)
  }

  mutating func add(_ a: ValueID, _ b: ValueID, name: String) throws(GraphError) -> ValueID {
    try graph.apply(Add(), a, b, name: name)
  }

  mutating func maxPool(_ x: ValueID, window: Int, name: String) throws(GraphError) -> ValueID {
    let size = Size2D(window, window)
    return try graph.apply(MaxPool2D(window: size, stride: size, dilation: .one, padding: .zero), x, name: name)
  }

  mutating func globalAveragePool(_ x: ValueID, name: String) throws(GraphError) -> ValueID {
    let window = Size2D(graph[x].shape[1], graph[x].shape[2])
    return try graph.apply(
      AveragePool2D(window: window, stride: .one, padding: .zero, countsPadding: false), x, name: name)
  }

  mutating func apply(_ operation: any Operator, _ x: ValueID, name: String) throws(GraphError) -> ValueID {
    try graph.apply(operation, x, name: name)
  }

  func shape(_ x: ValueID) -> [Int] { graph[x].shape }

  private mutating func addWeights(_ name: String, _ shape: [Int], inputs: Int) -> ValueID {
    let name = "\(name).weight"
    return graph.addConstant(name, initialization.he(name, shape: shape, inputs: inputs))
  }

  private mutating func addBias(_ name: String, _ count: Int, isParameter: Bool) -> ValueID {
    graph.addConstant(isParameter ? "\(name).bias" : "\(name)\(Parameter.fixedSuffix)", Tensor(shape: [count]))
  }
}

/// How a convolution pads its image.
enum Padding {
  /// The same number of zeros on every side.
  case symmetric(Int)
  /// TensorFlow's "SAME": ⌈size ÷ stride⌉ outputs; of an odd number of zeros the greater part goes below and right.
  case same

  func amounts(_ image: [Int], _ kernel: Int, _ stride: Int) -> Padding2D {
    switch self {
    case .symmetric(let amount):
      return Padding2D(top: amount, left: amount, bottom: amount, right: amount)
    case .same:
      let rows = Self.total(image[1], kernel, stride)
      let columns = Self.total(image[2], kernel, stride)
      return Padding2D(top: rows / 2, left: columns / 2, bottom: rows - rows / 2, right: columns - columns / 2)
    }
  }

  private static func total(_ size: Int, _ kernel: Int, _ stride: Int) -> Int {
    let outputs = (size + stride - 1) / stride
    return max(0, (outputs - 1) * stride + kernel - size)
  }
}
