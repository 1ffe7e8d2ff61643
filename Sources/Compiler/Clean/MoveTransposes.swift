import Graph

/// The permutation of the Transpose that computes a value, if that Transpose has no other reader.
private func permutation(of id: ValueID, _ graph: Graph, _ index: GraphIndex) -> [Int]? {
  guard index.hasOneUse(id), let producer = index.producer(of: id) else { return nil }
  return (graph.nodes[producer].operation as? Transpose)?.permutation
}

/// Activation after Transpose or Reshape: the activation goes first, where it may fuse with what computes its input.
func moveActivationBeforeReordering(
  _ graph: inout Graph, _ node: Int, _ index: GraphIndex
) throws(GraphError) -> Bool {
  let operand = graph.nodes[node].inputs[0]
  guard let activation = graph.nodes[node].operation as? Activation, index.hasOneUse(operand),
    let producer = index.producer(of: operand),
    graph.nodes[producer].operation is Transpose || graph.nodes[producer].operation is Reshape
  else { return false }
  try graph.exchange(
    upper: producer, lower: node, operation: activation, upperOperation: graph.nodes[producer].operation)
  return true
}

/// Pad or Slice after Transpose: the Transpose goes last.
func moveTransposeAfterWindow(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  let operand = graph.nodes[node].inputs[0]
  guard let permutation = permutation(of: operand, graph, index), let producer = index.producer(of: operand) else {
    return false
  }
  func restored(_ list: [Int]) -> [Int] {
    var result = list
    for (axis, source) in permutation.enumerated() { result[source] = list[axis] }
    return result
  }
  let moved: any Operator
  switch graph.nodes[node].operation {
  case let pad as Pad: moved = Pad(before: restored(pad.before), after: restored(pad.after), value: pad.value)
  case let slice as Slice:
    moved = Slice(begin: restored(slice.begin), size: restored(slice.size), step: restored(slice.step))
  default: return false
  }
  try graph.exchange(
    upper: producer, lower: node, operation: moved, upperOperation: Transpose(permutation: permutation))
  return true
}

/// An elementwise operator of two operands transposed alike: one Transpose, of the result.
func moveTransposeAfterBinary(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  let operation = graph.nodes[node].operation
  guard operation.isElementwise, graph.nodes[node].inputs.count == 2 else { return false }
  return try moveTransposeAfter(&graph, node, index, operation: operation)
}

/// Concat of operands transposed alike: one Transpose, of the result.
func moveTransposeAfterConcat(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  guard let concat = graph.nodes[node].operation as? Concat,
    let permutation = permutation(of: graph.nodes[node].inputs[0], graph, index)
  else { return false }
  return try moveTransposeAfter(&graph, node, index, operation: Concat(axis: permutation[concat.axis]))
}

private func moveTransposeAfter(
  _ graph: inout Graph, _ node: Int, _ index: GraphIndex, operation: any Operator
) throws(GraphError) -> Bool {
  let inputs = graph.nodes[node].inputs
  let permutations = inputs.map { permutation(of: $0, graph, index) }
  guard let permutation = permutations[0], permutations.allSatisfy({ $0 == permutation }) else { return false }
  let output = graph.nodes[node].outputs[0]
  guard graph[output].quantization == nil else { return false }
  let sources = inputs.map { graph.nodes[index.producer(of: $0)!].inputs[0] }
  let name = graph.nodes[node].name
  let shape = try operation.outputShapes(sources.map { graph[$0].shape })[0]
  let untransposed = graph.addValue("\(name):untransposed", shape: shape)
  graph.nodes[node].operation = operation
  graph.nodes[node].inputs = sources
  graph.nodes[node].outputs = [untransposed]
  graph.nodes.insert(
    Node(
      name: "\(name):transpose", operation: Transpose(permutation: permutation), inputs: [untransposed],
      outputs: [output]), at: node + 1)
  return true
}

/// Transposes and Reshapes before a fully connected layer that reads the whole image: the columns of its weights are
/// reordered instead.
func foldReorderingIntoFullyConnected(
  _ graph: inout Graph, _ node: Int, _ index: GraphIndex
) throws(GraphError) -> Bool {
  let inputs = graph.nodes[node].inputs
  guard graph.nodes[node].operation is FullyConnected, let weights = graph[inputs[1]].constant,
    graph[inputs[0]].shape.dropLast().allSatisfy({ $0 == 1 }), weights.shape[1] < 1 << 24
  else { return false }
  var chain: [any Operator] = []
  var source = inputs[0]
  while let producer = index.producer(of: source), graph.nodes[producer].clamp == nil {
    let operation = graph.nodes[producer].operation
    guard operation is Transpose || operation is Reshape else { break }
    chain.append(operation)
    source = graph.nodes[producer].inputs[0]
  }
  guard chain.contains(where: { $0 is Transpose }) else { return false }
  let (outputs, depth) = (weights.shape[0], weights.shape[1])
  var places = Tensor(shape: graph[source].shape, values: (0..<depth).map { Float($0) })
  for operation in chain.reversed() { places = operation.evaluate([places], on: Workers(count: 1))[0] }
  var reordered = weights
  for (column, place) in places.values.enumerated() {
    for output in 0..<outputs {
      reordered.values[output * depth + Int(place)] = weights.values[output * depth + column]
    }
  }
  let name = graph.nodes[node].name
  let flat = graph.addValue("\(name):flat", shape: graph[inputs[0]].shape)
  graph.nodes[node].inputs[0] = flat
  graph.nodes[node].inputs[1] = graph.addConstant("\(name).weights", reordered)
  graph.nodes.insert(
    Node(
      name: "\(name):flat", operation: Reshape(shape: graph[flat].shape), inputs: [source], outputs: [flat]), at: node)
  return true
}
