import Graph

/// Removes a node that passes its input on unchanged.
func removeIdentity(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  guard isIdentity(graph, node, index) else { return false }
  return graph.bypass(node, index)
}

private func isIdentity(_ graph: Graph, _ node: Int, _ index: GraphIndex) -> Bool {
  let inputs = graph.nodes[node].inputs
  let shape = graph[inputs[0]].shape
  switch graph.nodes[node].operation {
  case let operation as Reshape: return operation.shape == shape
  case let operation as Transpose: return operation.permutation == Array(shape.indices)
  case let operation as Slice:
    return operation.size == shape && operation.begin.allSatisfy { $0 == 0 }
      && zip(operation.step, shape).allSatisfy { $0 == 1 || $1 == 1 }
  case let operation as Pad: return (operation.before + operation.after).allSatisfy { $0 == 0 }
  case let operation as MaxPool2D:
    return operation.window == .one && operation.stride == .one && operation.padding == .zero
  case let operation as AveragePool2D:
    return operation.window == .one && operation.stride == .one && operation.padding == .zero
  case is Concat: return inputs.count == 1
  case is Dropout: return true
  case let operation as Activation:
    guard let clamp = operation.function.clamp, let range = knownRange(of: inputs[0], in: graph, index) else {
      return operation.function.clamp == -Float.infinity...Float.infinity
    }
    return clamp.lowerBound <= range.lowerBound && clamp.upperBound >= range.upperBound
  case let operation as BatchNormalization:
    guard let (multipliers, offsets) = constantFactors(of: operation, inputs, in: graph) else { return false }
    return multipliers.allSatisfy { $0 == 1 } && offsets.allSatisfy { $0 == 0 }
  default: return false
  }
}

/// What a normalization multiplies and adds, when its parameters are constants.
func constantFactors(
  of operation: BatchNormalization, _ inputs: [ValueID], in graph: Graph
) -> (multipliers: [Float], offsets: [Float])? {
  let constants = inputs.dropFirst().compactMap { graph[$0].constant }
  guard constants.count == 4 else { return nil }
  return operation.multipliersAndOffsets(
    scale: constants[0], shift: constants[1], mean: constants[2], variance: constants[3])
}

/// Bounds that a value keeps whatever the data, if some are known.
func knownRange(
  of id: ValueID, in graph: Graph, _ index: GraphIndex, depth: Int = 8
) -> ClosedRange<Float>? {
  guard depth > 0, let producer = index.producer(of: id) else { return nil }
  let node = graph.nodes[producer]
  if let clamp = node.clamp { return clamp }
  switch node.operation {
  case is Softmax: return 0...1
  case let operation as Activation:
    return operation.function.range
  case is MaxPool2D, is AveragePool2D, is Reshape, is Transpose, is Slice, is Concat:
    var union: ClosedRange<Float>?
    for input in node.inputs {
      guard let range = knownRange(of: input, in: graph, index, depth: depth - 1) else { return nil }
      union = union.map { min($0.lowerBound, range.lowerBound)...max($0.upperBound, range.upperBound) } ?? range
    }
    // The mean of a window that hangs over the edge counts zeros.
    if node.operation is AveragePool2D, let range = union { return min(0, range.lowerBound)...max(0, range.upperBound) }
    return union
  default: return nil
  }
}
