/// One node of a network, evaluated many times on its own.
public struct NodeEvaluator: Sendable {
  private let node: Node
  private let constants: [Tensor?]
  private let prepared: PackedFloats?
  private let workers: Workers

  /// - Parameters:
  ///   - graph: the network.
  ///   - index: the node's place in it.
  ///   - constants: what takes the place of its constants, by their places among its inputs.
  ///   - workers: the threads that share the work.
  public init(_ graph: Graph, node index: Int, replacing constants: [Int: Tensor] = [:], workers: Workers) {
    let node = graph.nodes[index]
    let all = node.inputs.enumerated().map { place, id in constants[place] ?? graph[id].constant }
    (self.node, self.constants, self.workers) = (node, all, workers)
    prepared = (node.operation as? any PreparedOperator)?.prepare(all)
  }

  /// The node's outputs, after its clamp. `values` gives its inputs that are not constant.
  /// - Throws: `GraphError` when it does not have one.
  public func outputs(_ values: (ValueID) -> Tensor?) throws(GraphError) -> [Tensor] {
    var operands: [Tensor] = []
    for (id, constant) in zip(node.inputs, constants) {
      guard let tensor = constant ?? values(id) else {
        throw GraphError("\(node.name) reads what no earlier layer computes")
      }
      operands.append(tensor)
    }
    if let operation = node.operation as? any PreparedOperator {
      return operation.evaluate(operands, prepared: prepared, clamp: node.clamp, on: workers)
    }
    var results = node.operation.evaluate(operands, on: workers)
    if let clamp = node.clamp {
      for output in results.indices { results[output].clamp(clamp, on: workers) }
    }
    return results
  }
}
