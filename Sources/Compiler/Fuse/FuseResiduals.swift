import Graph

/// Lets a convolution add the other branch of a residual block in its last step, in place of an Add that follows it.
///
/// The convolution's result must have no other reader and no clamp of its own; of two such convolutions the later one is
/// taken. Where the other branch is computed later, the convolution moves behind it. The clamp of the Add becomes the
/// convolution's.
func fuseResiduals(_ graph: inout Graph) throws(GraphError) {
  try graph.rewrite([fuseResidual])
}

private func fuseResidual(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  let inputs = graph.nodes[node].inputs
  guard graph.nodes[node].operation is Add, inputs[0] != inputs[1], graph[inputs[0]].shape == graph[inputs[1]].shape,
    graph[inputs[0]].quantization == nil, graph[inputs[1]].quantization == nil
  else { return false }
  let order = inputs.map { index.producer(of: $0) ?? -1 }
  let pairs = order[0] > order[1] ? [(0, 1), (1, 0)] : [(1, 0), (0, 1)]
  for (result, residual) in pairs.map({ (inputs[$0], inputs[$1]) }) {
    guard let producer = index.producer(of: result), var convolution = graph.nodes[producer].operation as? Conv2D,
      !convolution.hasResidual, graph.nodes[producer].clamp == nil, index.hasOneUse(result),
      graph[residual].constant == nil
    else { continue }
    convolution.hasResidual = true
    var fused = graph.nodes[producer]
    fused.operation = convolution
    fused.inputs.append(residual)
    fused.outputs = graph.nodes[node].outputs
    fused.clamp = graph.nodes[node].clamp
    if (index.producer(of: residual) ?? -1) < producer {
      graph.nodes[producer] = fused
      graph.nodes.remove(at: node)
    } else {
      graph.nodes[node] = fused
      graph.nodes.remove(at: producer)
    }
    return true
  }
  return false
}
