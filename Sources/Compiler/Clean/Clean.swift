import Graph

/// Simplifies a network without changing what it computes: constants are folded, dead nodes and identities removed,
/// consecutive nodes merged, and transposes moved until they cancel or end in the weights of a fully connected layer.
/// - Throws: `GraphError` when a node's shapes contradict each other.
public func clean(_ graph: inout Graph) throws(GraphError) {
  foldConstants(&graph)
  removeDeadNodes(&graph)
  // An imported int8 network is only rid of what computes nothing: its bytes stay what they are.
  if graph.isQuantized {
    return try graph.rewrite([removeIdentity, simplifyTranspose, mergeReshapes, mergeTransposes])
  }
  try graph.rewrite([
    removeIdentity, simplifyTranspose, mergeReshapes, mergeTransposes, mergePads, mergeSlices, mergeClamps,
    mergeBatchNormalizations, moveActivationBeforeReordering, moveTransposeAfterBinary, moveTransposeAfterConcat,
    moveTransposeAfterWindow, foldReorderingIntoFullyConnected,
  ])
  removeDeadNodes(&graph)
}

/// Evaluates nodes whose inputs are all constants.
func foldConstants(_ graph: inout Graph) {
  let workers = Workers()
  var kept: [Node] = []
  for node in graph.nodes {
    let constants = node.inputs.compactMap { graph[$0].constant }
    guard constants.count == node.inputs.count, !node.outputs.contains(where: graph.outputs.contains) else {
      kept.append(node)
      continue
    }
    for (id, tensor) in zip(node.outputs, node.operation.evaluate(constants, on: workers)) {
      var result = tensor
      if let clamp = node.clamp {
        result.values = result.values.map { min(clamp.upperBound, max(clamp.lowerBound, $0)) }
      }
      graph[id].constant = result
      graph[id].shape = result.shape
    }
  }
  graph.nodes = kept
}

/// Removes nodes that no network output depends on.
func removeDeadNodes(_ graph: inout Graph) {
  var needed = Set(graph.outputs)
  var kept: [Node] = []
  for node in graph.nodes.reversed() where node.outputs.contains(where: needed.contains) {
    kept.append(node)
    needed.formUnion(node.inputs)
  }
  graph.nodes = kept.reversed()
}
