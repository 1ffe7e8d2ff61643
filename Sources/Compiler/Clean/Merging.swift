import Graph

/// The node that computes operand 0 of `node`, if it has operator type `Kind` and no clamp of its own.
private func operand<Kind>(
  of node: Int, as kind: Kind.Type, _ graph: Graph, _ index: GraphIndex
) -> (node: Int, operation: Kind)? {
  guard let producer = index.producer(of: graph.nodes[node].inputs[0]), graph.nodes[producer].clamp == nil,
    let operation = graph.nodes[producer].operation as? Kind
  else { return nil }
  return (producer, operation)
}

/// Reshape after Reshape: the first one is skipped.
func mergeReshapes(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  guard graph.nodes[node].operation is Reshape, let first = operand(of: node, as: Reshape.self, graph, index)
  else { return false }
  graph.nodes[node].inputs[0] = graph.nodes[first.node].inputs[0]
  return true
}

/// Transpose after Transpose: one permutation.
func mergeTransposes(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  guard let second = graph.nodes[node].operation as? Transpose,
    let first = operand(of: node, as: Transpose.self, graph, index)
  else { return false }
  graph.nodes[node].operation = Transpose(permutation: second.permutation.map { first.operation.permutation[$0] })
  graph.nodes[node].inputs[0] = graph.nodes[first.node].inputs[0]
  return true
}

/// A Transpose that moves only axes of one element is a Reshape.
func simplifyTranspose(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  guard let operation = graph.nodes[node].operation as? Transpose else { return false }
  let shape = graph[graph.nodes[node].inputs[0]].shape
  let moved = operation.permutation.filter { shape[$0] != 1 }
  guard moved == moved.sorted() else { return false }
  graph.nodes[node].operation = Reshape(shape: operation.permutation.map { shape[$0] })
  return true
}

/// Pad after Pad with the same value.
func mergePads(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  guard let second = graph.nodes[node].operation as? Pad, let first = operand(of: node, as: Pad.self, graph, index),
    first.operation.value == second.value
  else { return false }
  graph.nodes[node].operation = Pad(
    before: zip(first.operation.before, second.before).map { $0 + $1 },
    after: zip(first.operation.after, second.after).map { $0 + $1 }, value: second.value)
  graph.nodes[node].inputs[0] = graph.nodes[first.node].inputs[0]
  return true
}

/// Slice after Slice: element i is first.begin + (second.begin + i · second.step) · first.step.
func mergeSlices(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  guard let second = graph.nodes[node].operation as? Slice, let first = operand(of: node, as: Slice.self, graph, index)
  else { return false }
  let axes = second.begin.indices
  graph.nodes[node].operation = Slice(
    begin: axes.map { first.operation.begin[$0] + second.begin[$0] * first.operation.step[$0] }, size: second.size,
    step: axes.map { second.step[$0] * first.operation.step[$0] })
  graph.nodes[node].inputs[0] = graph.nodes[first.node].inputs[0]
  return true
}

/// A clamp after a clamp: one clamp.
func mergeClamps(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  guard let second = (graph.nodes[node].operation as? Activation)?.function.clamp,
    let first = operand(of: node, as: Activation.self, graph, index), let inner = first.operation.function.clamp
  else { return false }
  let merged = inner.followed(by: second)
  graph.nodes[node].operation = Activation(.clip(low: merged.lowerBound, high: merged.upperBound))
  graph.nodes[node].inputs[0] = graph.nodes[first.node].inputs[0]
  return true
}

/// A normalization after a normalization: one multiplication and addition for each channel.
func mergeBatchNormalizations(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  guard let second = graph.nodes[node].operation as? BatchNormalization,
    let first = operand(of: node, as: BatchNormalization.self, graph, index),
    let inner = constantFactors(of: first.operation, graph.nodes[first.node].inputs, in: graph),
    let outer = constantFactors(of: second, graph.nodes[node].inputs, in: graph)
  else { return false }
  let channels = inner.multipliers.count
  let scale = (0..<channels).map { inner.multipliers[$0] * outer.multipliers[$0] }
  let shift = (0..<channels).map { inner.offsets[$0] * outer.multipliers[$0] + outer.offsets[$0] }
  let name = graph.nodes[node].name
  func constant(_ suffix: String, _ values: [Float]) -> ValueID {
    graph.addConstant("\(name).\(suffix)", Tensor(shape: [channels], values: values))
  }
  graph.nodes[node].inputs = [
    graph.nodes[first.node].inputs[0], constant("scale", scale), constant("shift", shift),
    constant("mean", Array(repeating: 0, count: channels)), constant("variance", Array(repeating: 1, count: channels)),
  ]
  graph.nodes[node].operation = BatchNormalization(epsilon: 0)
  return true
}

extension ClosedRange<Float> {
  /// The clamp that clamping to this range and then to `other` is.
  func followed(by other: ClosedRange<Float>) -> ClosedRange<Float> {
    func limit(_ value: Float) -> Float { Swift.min(other.upperBound, Swift.max(other.lowerBound, value)) }
    return limit(lowerBound)...limit(upperBound)
  }
}
