import Graph

/// A weighted layer's weights as whole numbers and what its bias has to become so that mean outputs stay what they are in float.
struct RoundedLayer: Sendable {
  /// In the order of the float weights.
  var values: [Int8]
  /// One an output channel.
  var scales: [Float]
  /// One an output channel, in float.
  var biases: [Float]
}

extension LinearLayer {
  /// Rounds each output channel by the covariance of the columns that it multiplies, and takes the mean error that is
  /// left from its bias.
  func rounded(
    _ nearest: QuantizedWeights, _ bits: WeightBits, _ moments: ColumnMoments, on workers: Workers
  ) -> RoundedLayer {
    var values = nearest.values
    var biases = bias.values
    let columns = moments.columns
    let groups = columns.isDepthwise ? outputs : columns.groups
    let groupOutputs = outputs / groups
    for group in 0..<groups {
      let mean = moments.mean(group: group)
      let feedback = ErrorFeedback(covariance: moments.covariance(group: group), order: mean.count, damping: 0.01)
      let channels = (group * groupOutputs..<(group + 1) * groupOutputs).map { $0 }
      let results = workers.map(channels) { channel in
        feedback.round(
          places(ofOutput: channel).map { weights.values[$0] }, scale: nearest.scales[channel], largest: bits.largest)
      }
      for (channel, rounded) in zip(channels, results) {
        var shift = 0.0
        for (index, place) in places(ofOutput: channel).enumerated() {
          values[place] = rounded[index]
          let error = Double(nearest.scales[channel]) * Double(rounded[index]) - Double(weights.values[place])
          shift += error * mean[index]
        }
        if shift.isFinite { biases[channel] -= Float(shift) }
      }
    }
    return RoundedLayer(values: values, scales: nearest.scales, biases: biases)
  }
}

extension LinearLayer {
  /// What the weights of each output channel are limited to, by how much the values vary that they multiply; nil of eight
  /// bits, which need no limit.
  func limits(_ bits: WeightBits, _ moments: ColumnMoments, on workers: Workers) -> [Float]? {
    guard bits == .four else { return nil }
    let groups = moments.columns.groups
    let variances = (0..<groups).map(moments.variances(group:))
    return workers.map(Array(0..<outputs)) { channel in
      let own = places(ofOutput: channel).map { weights.values[$0].isFinite ? weights.values[$0] : 0 }
      return bits.limit(of: own, importance: variances[channel / (outputs / groups)])
    }
  }
}

extension Workers {
  /// `body` of every element, in order.
  func map<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ body: @Sendable (Element) -> Result
  ) -> [Result] {
    var results = [Result?](repeating: nil, count: elements.count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      split(elements.count, minimum: 16) { range in
        for index in range { results[index] = body(elements[index]) }
      }
    }
    return results.compactMap { $0 }
  }
}

/// Quantized weights of every weighted layer whose columns calibration knows, by the layer's place in the network. What had to
/// be bent is added to `notes`.
func roundWeights(
  _ graph: Graph, _ rules: ChosenQuantizations, _ bits: LayerWeightBits, _ statistics: CalibrationStatistics,
  correctsBiases: Bool, on workers: Workers, notes: inout [String], progress: (Double) -> Void
) throws(GraphError) -> [Int: QuantizedWeights] {
  var result: [Int: QuantizedWeights] = [:]
  for node in graph.nodes.indices {
    progress(Double(node) / Double(graph.nodes.count))
    guard let layer = LinearLayer(graph, node), let rule = rules[graph.nodes[node].inputs[0]],
      let moments = statistics.columnMoments(ofNode: node)
    else { continue }
    let order: WeightOrder = moments.columns.isDepthwise ? .channelLast : .channelFirst
    let name = graph.nodes[node].name
    let limits = layer.limits(bits[node], moments, on: workers)
    func quantized(_ biases: [Float], _ layerNotes: inout [String]) throws(GraphError) -> QuantizedWeights {
      do throws(GraphError) {
        return try QuantizedWeights(
          rounding: layer.weights.values, order: order, biases: biases, input: rule, bits: bits[node], limits: limits,
          notes: &layerNotes)
      } catch {
        throw GraphError("\(name): \(error.description)")
      }
    }
    var ignored: [String] = []
    let nearest = try quantized(layer.bias.values, &ignored)
    let rounded = layer.rounded(nearest, bits[node], moments, on: workers)
    var layerNotes: [String] = []
    var final = try quantized(correctsBiases ? rounded.biases : layer.bias.values, &layerNotes)
    notes += layerNotes.map { "\(name), \($0)" }
    for channel in 0..<layer.outputs where final.scales[channel] == rounded.scales[channel] {
      for place in layer.places(ofOutput: channel) { final.values[place] = rounded.values[place] }
    }
    result[node] = final
  }
  return result
}
