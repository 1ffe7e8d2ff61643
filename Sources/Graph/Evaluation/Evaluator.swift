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

  /// For each node, whether its first input may be overwritten by its output.
  let isInPlace: [Bool]

  /// Prepares `graph` for evaluation on `workers` (nil: one thread a processor).
  ///
  /// Memory of intermediate tensors is kept for the next evaluation.
  public init(_ graph: Graph, workers: Workers? = nil) {
    self.graph = graph
    self.workers = Workers(count: workers?.count)
    let released = Evaluator.lastUses(graph)
    let prepared = graph.nodes.map { node in
      (node.operation as? any PreparedOperator)?.prepare(node.inputs.map { graph[$0].constant })
    }
    isInPlace = graph.nodes.indices.map { index in
      let node = graph.nodes[index]
      let first = node.inputs[0]
      return node.operation is any InPlaceOperator && released[index].contains(first)
        && !graph.inputs.contains(first) && graph[first].constant == nil
        && node.inputs.dropFirst().allSatisfy { graph[$0].constant != nil }
    }
    (self.released, self.prepared) = (released, prepared)
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
      let results = try isInPlace[index] ? replace(index, &values) : compute(index, values)
      for (id, tensor) in zip(node.outputs, results) {
        observe(id, tensor)
        values[id.index] = tensor
      }
      for id in released[index] {
        if let tensor = values[id.index].take(), !graph.inputs.contains(id) { workers.buffers.give(tensor.values) }
      }
    }
    return try outputs(values)
  }

  /// The values of `Graph.outputs`.
  func outputs(_ values: [Tensor?]) throws(GraphError) -> [Tensor] {
    var outputs: [Tensor] = []
    for id in graph.outputs { outputs.append(try read(id, values, for: "the network's output")) }
    return outputs
  }

  func bind(_ inputs: [Tensor]) throws(GraphError) -> [Tensor?] {
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

  func compute(_ index: Int, _ values: [Tensor?]) throws(GraphError) -> [Tensor] {
    let node = graph.nodes[index]
    var operands: [Tensor] = []
    for id in node.inputs { operands.append(try read(id, values, for: node.name)) }
    if let operation = node.operation as? any PreparedOperator {
      return operation.evaluate(operands, prepared: prepared[index], clamp: node.clamp, on: workers)
    }
    var results = node.operation.evaluate(operands, on: workers)
    if let clamp = node.clamp {
      for output in results.indices { results[output].clamp(clamp, on: workers) }
    }
    return results
  }

  private func replace(_ index: Int, _ values: inout [Tensor?]) throws(GraphError) -> [Tensor] {
    let node = graph.nodes[index]
    guard let operation = node.operation as? any InPlaceOperator, var tensor = values[node.inputs[0].index].take()
    else { return try compute(index, values) }
    operation.evaluateInPlace(&tensor, prepared: prepared[index], on: workers)
    if let clamp = node.clamp { tensor.clamp(clamp, on: workers) }
    return [tensor]
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
