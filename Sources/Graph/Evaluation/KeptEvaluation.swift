/// One evaluation of a network with every value kept.
public struct KeptEvaluation: Sendable {
  /// By value; nil for constants and what nothing computes.
  fileprivate let values: [Tensor?]
  /// In the order of `Graph.outputs`.
  public let outputs: [Tensor]

  /// What a network input or a node's output held, after the node's clamp; nil for constants.
  public subscript(id: ValueID) -> Tensor? { values[id.index] }
}

extension Evaluator {
  /// Evaluates and keeps every value.
  /// - Throws: `GraphError` when an input's shape is not the graph's, or a node reads what nothing has computed.
  public func evaluateKeeping(_ inputs: [Tensor]) throws(GraphError) -> KeptEvaluation {
    var values = try bind(inputs)
    for (index, node) in graph.nodes.enumerated() {
      for (id, tensor) in zip(node.outputs, try compute(index, values)) { values[id.index] = tensor }
    }
    return KeptEvaluation(values: values, outputs: try outputs(values))
  }

  /// The network's outputs if the value `id` had been `tensor`, which has its shape. Only what depends on it is computed.
  /// - Throws: `GraphError` when a node reads what nothing has computed.
  public func outputs(
    of kept: KeptEvaluation, replacing id: ValueID, by tensor: Tensor
  ) throws(GraphError) -> [Tensor] {
    var values = kept.values
    var isChanged = [Bool](repeating: false, count: values.count)
    values[id.index] = tensor
    isChanged[id.index] = true
    for (index, node) in graph.nodes.enumerated() {
      if node.inputs.contains(where: { isChanged[$0.index] }), !node.outputs.contains(id) {
        for (output, result) in zip(node.outputs, try compute(index, values)) {
          values[output.index] = result
          isChanged[output.index] = true
        }
      }
      for old in released[index] where isChanged[old.index] && old != id {
        if let result = values[old.index].take() { workers.buffers.give(result.values) }
      }
    }
    return try outputs(values)
  }

  /// A computed value once more, its node's inputs replaced where `replacement` has other values of as many elements. Where
  /// it has none, an input that only has another shape than a value before it takes that one's.
  /// - Throws: `GraphError` when no node computes the value.
  public func value(
    _ id: ValueID, in kept: KeptEvaluation, replacing replacement: (ValueID) -> [Float]?
  ) throws(GraphError) -> Tensor {
    guard let index = graph.nodes.firstIndex(where: { $0.outputs.contains(id) }) else {
      throw GraphError("\(graph[id].name) is computed by no layer")
    }
    var values = kept.values
    for input in graph.nodes[index].inputs {
      var source = input
      while replacement(source) == nil, let node = graph.nodes.first(where: { $0.outputs.contains(source) }),
        node.operation is Reshape
      {
        source = node.inputs[0]
      }
      if let other = replacement(source) { values[input.index] = Tensor(shape: graph[input].shape, values: other) }
    }
    let position = graph.nodes[index].outputs.firstIndex(of: id) ?? 0
    return try compute(index, values)[position]
  }
}
