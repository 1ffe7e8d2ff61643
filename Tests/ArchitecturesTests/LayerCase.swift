import Graph
import Testing

/// One kind of layer: a small network around it is trained and run in int8.
struct LayerCase: Sendable, CustomTestStringConvertible {
  /// As in the table of Documentation/Layers.md.
  let name: String
  /// How the graph has it.
  let form: String
  /// Whether it is there for training alone.
  var isForTrainingAlone = false
  /// Whether a convolution comes first, so that something is learned before the layer.
  var followsConvolution = true
  let append: @Sendable (inout LayerNetwork, ValueID) throws -> ValueID

  var testDescription: String { name }
  /// The line of the table.
  var row: String { "| \(name) | \(form) | yes | \(isForTrainingAlone ? "for training alone" : "yes") |" }
}

/// A network that grows, with seeded weights.
struct LayerNetwork {
  var graph: Graph
  private var random = SplitMix64(seed: 11)

  /// Of 12×12 pixels with four channels, or four slices of one channel.
  init(_ item: LayerCase) throws {
    graph = Graph(name: item.name)
    var x = graph.addInput("input", shape: [1, 12, 12, 4])
    if item.followsConvolution { x = try convolution(x, outputs: 6, kernel: Size2D(3, 3), name: "first") }
    x = try item.append(&self, x)
    let shape = graph[x].shape
    let flat = try graph.apply(Reshape(shape: [1, shape.reduce(1, *)]), x, name: "flat")
    let classifier = weights([3, shape.reduce(1, *)], "classifier")
    graph.outputs = [try graph.apply(FullyConnected(), flat, classifier, constant([3], 0, "offset"), name: "logits")]
  }

  /// Random weights; the first axis counts outputs.
  mutating func weights(_ shape: [Int], _ name: String) -> ValueID {
    let inputs = shape.dropFirst().reduce(1, *)
    let limit = (3 / Float(inputs)).squareRoot()
    let values = (0..<shape.reduce(1, *)).map { _ in (Float(random.below(2001)) / 1000 - 1) * limit }
    return graph.addConstant(name, Tensor(shape: shape, values: values))
  }

  mutating func constant(_ shape: [Int], _ value: Float, _ name: String) -> ValueID {
    graph.addConstant(name, Tensor(shape: shape, repeating: value))
  }

  mutating func convolution(
    _ x: ValueID, outputs: Int, kernel: Size2D, _ operation: Conv2D? = nil, name: String
  ) throws -> ValueID {
    let padding = Padding2D(
      top: kernel.height / 2, left: kernel.width / 2, bottom: kernel.height / 2, right: kernel.width / 2)
    let operation = operation ?? Conv2D(padding: padding)
    let depth = graph[x].shape[3] / operation.groups
    let matrix = weights([outputs, kernel.height, kernel.width, depth], "\(name).weight")
    return try graph.apply(operation, x, matrix, constant([outputs], 0, "\(name).bias"), name: name)
  }

  /// Scale, shift, mean and variance of a normalization that multiplies alone; only the scale is trained.
  mutating func factor(_ channels: Int, _ value: Float, _ name: String) -> [ValueID] {
    [
      constant([channels], value, name), constant([channels], 0, "\(name).shift (fixed)"),
      constant([channels], 0, "\(name).mean (fixed)"), constant([channels], 1, "\(name).variance (fixed)"),
    ]
  }

  mutating func channels(_ x: ValueID) -> Int { graph[x].shape[3] }

  mutating func apply(_ operation: any Operator, _ inputs: [ValueID]) throws -> ValueID {
    try graph.append(operation, inputs, name: "\(operation.kind).\(graph.nodes.count)")[0]
  }
}
