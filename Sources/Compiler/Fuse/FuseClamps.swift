import Graph

/// Moves clamps (ReLU, ReLU6, …) into the last step of the layer that computes their input.
func fuseClamps(_ graph: inout Graph) throws(GraphError) {
  try graph.rewrite([moveClampBeforeMaximum, fuseClamp])
}

private func fuseClamp(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  let operand = graph.nodes[node].inputs[0]
  guard let clamp = (graph.nodes[node].operation as? Activation)?.function.clamp, graph.nodes[node].clamp == nil,
    index.hasOneUse(operand), let producer = index.producer(of: operand), graph.nodes[producer].operation.fusesClamp,
    graph[operand].quantization == nil
      || graph[operand].quantization == graph[graph.nodes[node].outputs[0]].quantization
  else { return false }
  graph.nodes[producer].clamp = graph.nodes[producer].clamp.map { $0.followed(by: clamp) } ?? clamp
  graph.nodes[producer].outputs[0] = graph.nodes[node].outputs[0]
  graph.nodes.remove(at: node)
  return true
}

/// A clamp of a maximum is the maximum of clamps: the clamp goes first, where it may fuse further up.
private func moveClampBeforeMaximum(
  _ graph: inout Graph, _ node: Int, _ index: GraphIndex
) throws(GraphError) -> Bool {
  let operand = graph.nodes[node].inputs[0]
  guard let activation = graph.nodes[node].operation as? Activation, activation.function.clamp != nil,
    graph.nodes[node].clamp == nil, index.hasOneUse(operand), let producer = index.producer(of: operand),
    graph.nodes[producer].operation is MaxPool2D
  else { return false }
  let pooled = graph.nodes[producer].inputs[0]
  guard index.hasOneUse(pooled), let source = index.producer(of: pooled), graph.nodes[source].operation.fusesClamp,
    graph[operand].quantization == nil
  else { return false }
  try graph.exchange(
    upper: producer, lower: node, operation: activation, upperOperation: graph.nodes[producer].operation)
  return true
}
