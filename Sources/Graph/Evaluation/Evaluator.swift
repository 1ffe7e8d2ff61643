/// Evaluates one network in float, many times.
///
/// Intermediate tensors are released after their last use.
public struct Evaluator: Sendable {
  /// The network.
  public let graph: Graph
  /// The threads it uses.
  public let workers: Workers
  /// For each node, the values that nobody reads after it.
  let released: [[ValueID]]
  /// For each node, its constants in the order that its operator likes.
  let prepared: [PackedFloats?]

  /// Prepares `graph` for evaluation on `workers` (nil: one thread a processor).
  public init(_ graph: Graph, workers: Workers? = nil) {
    self.graph = graph
    self.workers = workers ?? Workers()
    released = Evaluator.lastUses(graph)
    prepared = graph.nodes.map { node in
      (node.operation as? any PreparedOperator)?.prepare(node.inputs.map { graph[$0].constant })
    }
  }

  /// The outputs for these inputs, in the order of `Graph.outputs`.
  /// - Throws: `GraphError` when an input's shape is not the graph's, or a node reads what nothing has computed.
  public func run(_ inputs: [Tensor]) throws(GraphError) -> [Tensor] {
    try run(inputs) { _, _ in }
  }

  /// The outputs for these inputs; `observe` sees every computed value (after the node's clamp) in execution order.
  /// Network inputs and constants are not shown.
  /// - Throws: `GraphError` when an input's shape is not the graph's, or a node reads what nothing has computed.
  public func run(_ inputs: [Tensor], observe: (ValueID, Tensor) -> Void) throws(GraphError) -> [Tensor] {
    var values = try bind(inputs)
    for (index, node) in graph.nodes.enumerated() {
      var operands: [Tensor] = []
      for id in node.inputs { operands.append(try read(id, values, for: node.name)) }
      let results = evaluate(node, operands, prepared[index])
      operands.removeAll()
      for (id, tensor) in zip(node.outputs, results) {
        observe(id, tensor)
        values[id.index] = tensor
      }
      for id in released[index] { values[id.index] = nil }
    }
    var outputs: [Tensor] = []
    for id in graph.outputs { outputs.append(try read(id, values, for: "the network's output")) }
    return outputs
  }

  private func bind(_ inputs: [Tensor]) throws(GraphError) -> [Tensor?] {
    guard inputs.count == graph.inputs.count else {
      throw GraphError("\(graph.name) takes \(graph.inputs.count) inputs but was given \(inputs.count)")
    }
    var values = [Tensor?](repeating: nil, count: graph.values.count)
    for (id, tensor) in zip(graph.inputs, inputs) {
      guard tensor.shape == graph[id].shape else {
        throw GraphError("input \(graph[id].name) must have shape \(graph[id].shape), but has \(tensor.shape)")
      }
      values[id.index] = tensor
    }
    return values
  }

  private func read(_ id: ValueID, _ values: [Tensor?], for reader: String) throws(GraphError) -> Tensor {
    guard let tensor = values[id.index] ?? graph[id].constant else {
      throw GraphError("\(reader) reads \(graph[id].name), which no earlier layer computes")
    }
    return tensor
  }

  private func evaluate(_ node: Node, _ operands: [Tensor], _ prepared: PackedFloats?) -> [Tensor] {
    if let operation = node.operation as? any PreparedOperator {
      return operation.evaluate(operands, prepared: prepared, clamp: node.clamp, on: workers)
    }
    let results = node.operation.evaluate(operands, on: workers)
    guard let clamp = node.clamp else { return results }
    return results.map { $0.clamped(clamp, on: workers) }
  }

  private static func lastUses(_ graph: Graph) -> [[ValueID]] {
    var lastNode = [Int?](repeating: nil, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      for id in node.inputs + node.outputs { lastNode[id.index] = index }
    }
    for id in graph.outputs { lastNode[id.index] = nil }
    var released = [[ValueID]](repeating: [], count: graph.nodes.count)
    for (value, node) in lastNode.enumerated() {
      if let node { released[node].append(ValueID(value)) }
    }
    return released
  }
}

extension Graph {
  /// The outputs for these inputs. For many evaluations of one network, keep an `Evaluator`.
  /// - Throws: `GraphError` when an input's shape is not the graph's, or a node reads what nothing has computed.
  public func evaluate(inputs: [Tensor], workers: Workers = Workers()) throws(GraphError) -> [Tensor] {
    try Evaluator(self, workers: workers).run(inputs)
  }

  /// The outputs for these inputs; `observe` sees every computed value (after the node's clamp) in execution order.
  /// - Throws: `GraphError` when an input's shape is not the graph's, or a node reads what nothing has computed.
  public func evaluate(
    inputs: [Tensor], workers: Workers = Workers(), observe: (ValueID, Tensor) -> Void
  ) throws(GraphError) -> [Tensor] {
    try Evaluator(self, workers: workers).run(inputs, observe: observe)
  }
}
