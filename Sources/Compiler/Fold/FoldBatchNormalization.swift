import Graph

/// Moves normalizations into the weights and biases of a convolution or fully connected layer next to them.
///
/// Into the one before, w' = w·a, b' = b·a + c for each output channel, when only the normalization reads its result.
/// Into the one after, w' = w·a and b' = b + Σ w·c for each input channel, when nothing else reads the normalized values
/// and padding, which is zero after the normalization, was zero before it: no padding at all, or c = 0 everywhere.
/// What fits neither stays a layer of its own.
/// - Throws: `GraphError` naming the layer when its folded constants are not finite.
func foldBatchNormalizations(_ graph: inout Graph) throws(GraphError) {
  try graph.rewrite([foldIntoLayerBefore, foldIntoLayerAfter])
}

private func foldIntoLayerBefore(
  _ graph: inout Graph, _ node: Int, _ index: GraphIndex
) throws(GraphError) -> Bool {
  guard let operation = graph.nodes[node].operation as? BatchNormalization else { return false }
  let inputs = graph.nodes[node].inputs
  guard let (multipliers, offsets) = constantFactors(of: operation, inputs, in: graph),
    let before = index.producer(of: inputs[0]), graph.nodes[before].clamp == nil, index.hasOneUse(inputs[0]),
    let layer = LinearLayer(graph, before), !layer.hasResidual
  else { return false }
  var (weights, bias) = (layer.weights, layer.bias)
  for (channel, (multiplier, offset)) in zip(multipliers, offsets).enumerated() {
    // A factor of 0 also silences weights that are not finite: the channel was constant in training.
    for place in layer.places(ofOutput: channel) {
      weights.values[place] = multiplier == 0 ? 0 : weights.values[place] * multiplier
    }
    bias.values[channel] =
      multiplier == 0 ? offset : Float(Double(bias.values[channel]) * Double(multiplier) + Double(offset))
  }
  try layer.store(weights, bias, in: &graph, foldedFrom: graph.nodes[node].name)
  graph.nodes[before].outputs = graph.nodes[node].outputs
  graph.nodes[before].clamp = graph.nodes[node].clamp
  graph.nodes.remove(at: node)
  return true
}

private func foldIntoLayerAfter(
  _ graph: inout Graph, _ node: Int, _ index: GraphIndex
) throws(GraphError) -> Bool {
  let normalized = graph.nodes[node].inputs[0]
  guard let layer = LinearLayer(graph, node), index.hasOneUse(normalized),
    let before = index.producer(of: normalized), graph.nodes[before].clamp == nil,
    let operation = graph.nodes[before].operation as? BatchNormalization,
    let (multipliers, offsets) = constantFactors(of: operation, graph.nodes[before].inputs, in: graph),
    !layer.hasPadding || offsets.allSatisfy({ $0 == 0 })
  else { return false }
  var (weights, bias) = (layer.weights, layer.bias)
  for channel in 0..<layer.outputs {
    var sum = Double(bias.values[channel])
    for place in layer.places(ofOutput: channel) {
      let input = layer.input(ofPlace: place, output: channel)
      sum += Double(weights.values[place]) * Double(offsets[input])
      weights.values[place] *= multipliers[input]
    }
    bias.values[channel] = Float(sum)
  }
  try layer.store(weights, bias, in: &graph, foldedFrom: graph.nodes[before].name)
  graph.nodes[node].inputs[0] = graph.nodes[before].inputs[0]
  graph.nodes.remove(at: before)
  return true
}
