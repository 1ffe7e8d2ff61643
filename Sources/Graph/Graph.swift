/// Names a value (an activation or a constant) of one graph.
public struct ValueID: Hashable, Sendable {
  /// Index into `Graph.values`.
  public let index: Int
  init(_ index: Int) { self.index = index }
}

/// An activation or a constant.
public struct Value: Sendable {
  /// Unique only if the source's names were.
  public var name: String
  /// Known, static; N×H×W×C for images.
  public var shape: [Int]
  /// Weights and other constants; nil for activations.
  public var constant: Tensor?
  /// Fixed quantization of an imported int8 network; the Compiler keeps it.
  public var quantization: Quantization?
  /// What the constant weights of an imported int8 layer are exactly, with its biases: `constant` has their real values.
  public var quantizedWeights: QuantizedWeights?
}

/// One application of an operator.
public struct Node: Sendable {
  /// For people; from the source where it has one.
  public var name: String
  /// What it computes, with its attributes.
  public var operation: any Operator
  /// Activations and constants, in the operator's order.
  public var inputs: [ValueID]
  /// Usually one.
  public var outputs: [ValueID]
  /// A fused ReLU, ReLU6 or other clamp of the output's real values. Only where `operation.fusesClamp`.
  public var clamp: ClosedRange<Float>?

  /// A node; `Graph.append` also makes its outputs.
  public init(
    name: String, operation: any Operator, inputs: [ValueID], outputs: [ValueID], clamp: ClosedRange<Float>? = nil
  ) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.outputs = outputs
    self.clamp = clamp
  }
}

/// A float network: values with known shapes, nodes in execution order.
///
/// Copies are cheap (tensors share their storage until written).
public struct Graph: Sendable {
  /// For people.
  public var name: String
  /// Every value, in order of creation; unused ones may remain.
  public private(set) var values: [Value] = []
  /// In execution order: each node's inputs are computed before it.
  public var nodes: [Node] = []
  /// Activations that the user gives.
  public var inputs: [ValueID] = []
  /// Activations that the user gets.
  public var outputs: [ValueID] = []
  /// Class labels, if the source knows them.
  public var labels: [String] = []

  /// An empty network.
  public init(name: String) { self.name = name }

  /// A value by its name tag.
  public subscript(id: ValueID) -> Value {
    get { values[id.index] }
    set { values[id.index] = newValue }
  }

  /// A new activation or constant that no node computes yet.
  public mutating func addValue(_ name: String, shape: [Int], constant: Tensor? = nil) -> ValueID {
    values.append(Value(name: name, shape: shape, constant: constant))
    return ValueID(values.count - 1)
  }

  /// A network input.
  public mutating func addInput(_ name: String, shape: [Int]) -> ValueID {
    let id = addValue(name, shape: shape)
    inputs.append(id)
    return id
  }

  /// A constant.
  public mutating func addConstant(_ name: String, _ tensor: Tensor) -> ValueID {
    addValue(name, shape: tensor.shape, constant: tensor)
  }

  /// Appends a node and its output values, whose shapes the operator's rule gives.
  /// - Throws: `GraphError` naming the node when the inputs do not fit.
  public mutating func append(
    _ operation: any Operator, _ inputs: [ValueID], name: String, outputNames: [String] = []
  ) throws(GraphError) -> [ValueID] {
    let shapes: [[Int]]
    do throws(GraphError) {
      for id in inputs { try expectPlausible(self[id].shape, self[id].name) }
      shapes = try operation.outputShapes(inputs.map { self[$0].shape })
      for shape in shapes { try expectPlausible(shape, "the output") }
    } catch {
      throw GraphError("\(name) (\(operation.kind)): \(error.description)")
    }
    var outputs: [ValueID] = []
    for (index, shape) in shapes.enumerated() {
      let outputName = index < outputNames.count ? outputNames[index] : index == 0 ? name : "\(name):\(index)"
      outputs.append(addValue(outputName, shape: shape))
    }
    nodes.append(Node(name: name, operation: operation, inputs: inputs, outputs: outputs))
    return outputs
  }

  /// Appends a node with a single output.
  public mutating func apply(
    _ operation: any Operator, _ inputs: ValueID..., name: String
  ) throws(GraphError) -> ValueID {
    try append(operation, inputs, name: name)[0]
  }
}
