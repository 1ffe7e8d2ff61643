import Graph

/// Lets a convolution add the other branch of a residual block in its last step, in place of an Add that follows it.
///
/// The convolution must be the later of the two operands, its result must have no other reader and no clamp of its own.
/// The clamp of the Add becomes the convolution's.
func fuseResiduals(_ graph: inout Graph) throws(GraphError) {
  try graph.rewrite([fuseResidual])
}

private func fuseResidual(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  let inputs = graph.nodes[node].inputs
  guard graph.nodes[node].operation is Add, inputs[0] != inputs[1], graph[inputs[0]].shape == graph[inputs[1]].shape,
    graph[inputs[0]].quantization == nil, graph[inputs[1]].quantization == nil
  else { return false }
  for (result, residual) in [(inputs[0], inputs[1]), (inputs[1], inputs[0])] {
    guard let producer = index.producer(of: result), var convolution = graph.nodes[producer].operation as? Conv2D,
      !convolution.hasResidual, graph.nodes[producer].clamp == nil, index.hasOneUse(result),
      graph[residual].constant == nil, (index.producer(of: residual) ?? -1) < producer
    else { continue }
    convolution.hasResidual = true
    graph.nodes[producer].operation = convolution
    graph.nodes[producer].inputs.append(residual)
    graph.nodes[producer].outputs = graph.nodes[node].outputs
    graph.nodes[producer].clamp = graph.nodes[node].clamp
    graph.nodes.remove(at: node)
    return true
  }
  return false
}
