import Graph

/// Moves padding with zeros into the padding of the convolution or pooling that reads it.
func fusePadding(_ graph: inout Graph) throws(GraphError) {
  try graph.rewrite([fusePad])
  removeDeadNodes(&graph)
}

private func fusePad(_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool {
  let operand = graph.nodes[node].inputs[0]
  guard let producer = index.producer(of: operand), let pad = graph.nodes[producer].operation as? Pad,
    pad.value == 0, graph.nodes[producer].clamp == nil, let added = spatialPadding(pad)
  else { return false }
  let source = graph.nodes[producer].inputs[0]
  guard graph[source].quantization == graph[operand].quantization else { return false }
  let fused: any Operator
  switch graph.nodes[node].operation {
  case var operation as Conv2D:
    operation.padding.add(added)
    fused = operation
  case var operation as DepthwiseConv2D:
    operation.padding.add(added)
    fused = operation
  case var operation as AveragePool2D:
    guard operation.countsPadding || operation.padding == .zero else { return false }
    operation.padding.add(added)
    operation.countsPadding = true
    guard fits(operation.padding, in: operation.window) else { return false }
    fused = operation
  case var operation as MaxPool2D:
    // Zeros around values that are never negative win no maximum, as real padding does not.
    guard operation.padding == .zero, operation.dilation == .one,
      let range = knownRange(of: source, in: graph, index), range.lowerBound >= 0
    else { return false }
    operation.padding.add(added)
    guard fits(operation.padding, in: operation.window) else { return false }
    fused = operation
  default: return false
  }
  var shapes = graph.nodes[node].inputs.map { graph[$0].shape }
  shapes[0] = graph[source].shape
  guard let shape = try? fused.outputShapes(shapes)[0], shape == graph[graph.nodes[node].outputs[0]].shape else {
    return false
  }
  graph.nodes[node].operation = fused
  graph.nodes[node].inputs[0] = source
  return true
}

/// A window that lies in padding alone has no maximum and no mean.
private func fits(_ padding: Padding2D, in window: Size2D) -> Bool {
  max(padding.top, padding.bottom) < window.height && max(padding.left, padding.right) < window.width
}

/// The padding of rows and columns, when a Pad of an image does nothing else.
private func spatialPadding(_ pad: Pad) -> Padding2D? {
  let (before, after) = (pad.before, pad.after)
  guard before.count == 4, before[0] == 0, after[0] == 0, before[3] == 0, after[3] == 0 else { return nil }
  return Padding2D(top: before[1], left: before[2], bottom: after[1], right: after[2])
}

extension Padding2D {
  fileprivate mutating func add(_ other: Padding2D) {
    top += other.top
    left += other.left
    bottom += other.bottom
    right += other.right
  }
}
