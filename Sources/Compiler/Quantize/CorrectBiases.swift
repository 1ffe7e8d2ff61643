import Graph

/// Takes from each bias the mean error that rounding the weights causes: b −= Σ (ŵ − w)·E[x], with the means of the
/// input channels that calibration saw (Nagel et al., Data-Free Quantization, 2019). Rounding errors of weights do not
/// average out over a tensor, so that without this whole channels are shifted.
func correctBiases(
  _ graph: inout Graph, _ rules: ChosenQuantizations, _ bits: LayerWeightBits, _ statistics: CalibrationStatistics
) throws(GraphError) {
  for node in graph.nodes.indices {
    let inputs = graph.nodes[node].inputs
    guard let layer = LinearLayer(graph, node), let rule = rules[inputs[0]],
      let means = statistics.channelMeans(of: inputs[0])
    else { continue }
    var notes: [String] = []
    let order: WeightOrder = graph.nodes[node].operation is DepthwiseConv2D ? .channelLast : .channelFirst
    let rounded = try QuantizedWeights(
      rounding: layer.weights.values, order: order, biases: layer.bias.values, input: rule, bits: bits[node],
      notes: &notes)
    var bias = layer.bias
    for channel in 0..<layer.outputs {
      var shift = 0.0
      for place in layer.places(ofOutput: channel) {
        let error =
          Double(rounded.scales[channel]) * Double(rounded.values[place]) - Double(layer.weights.values[place])
        shift += error * means[layer.input(ofPlace: place, output: channel)]
      }
      if shift.isFinite { bias.values[channel] -= Float(shift) }
    }
    graph.nodes[node].inputs[2] = graph.addConstant("\(graph.nodes[node].name).bias", bias)
  }
}
