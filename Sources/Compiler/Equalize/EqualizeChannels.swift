import Foundation
import Graph

/// Gives the channels of activations more equal ranges, so that the one scale of an int8 tensor suits all of them. What
/// the network computes stays the same.
///
/// A channel x is stored as x ÷ s: the layers that write it have their output channel's weights divided, those that read
/// it their input channel's multiplied by s. With r the channel's largest magnitude and k the largest share that a
/// weight reading it has in its output channel, s is near √(r ÷ k), so that what the activations win is not lost in the
/// weights (cross-layer equalization, Nagel et al., Data-Free Quantization, 2019). Weights of depthwise layers lose
/// nothing: there s is near r.
/// - Throws: `GraphError` when the network cannot be evaluated; what `data` throws.
func equalizeChannels(
  _ graph: inout Graph, on data: CalibrationData, workers: Workers, progress: (Double) -> Void = { _ in }
) throws {
  let layers = graph.nodes.indices.compactMap { LinearLayer(graph, $0) }
  guard layers.allSatisfy({ $0.weights.values.allSatisfy(\.isFinite) && $0.bias.values.allSatisfy(\.isFinite) }) else {
    return
  }
  let groups = ChannelGroups(graph)
  guard !groups.isEmpty else { return }
  let magnitudes = try channelMagnitudes(graph, groups, on: data, workers: workers, progress: progress)
  let shares = weightShares(graph, groups)
  let scales = zip(magnitudes, shares).map { magnitude, share -> Float in
    guard magnitude > 0 else { return 1 }
    let exponent = share > 0 ? log2(Double(magnitude) / Double(share)) / 2 : log2(Double(magnitude))
    return channelScale(near: exp2(max(-16, min(16, exponent))))
  }
  for layer in layers { try scale(layer, by: scales, groups, in: &graph) }
}

/// The power of 2^¼ that is nearest: so few scales are possible that a comparison can tell them from errors.
func channelScale(near scale: Double) -> Float { Float(exp2((log2(scale) * 4).rounded(.toNearestOrEven) / 4)) }

/// Examples that suffice to know which channels are large.
private let equalizationExamples = 32

private func scale(
  _ layer: LinearLayer, by scales: [Float], _ groups: ChannelGroups, in graph: inout Graph
) throws(GraphError) {
  let inputs = groups.groups(of: graph.nodes[layer.node].inputs[0], graph).map { $0.map { scales[$0] } ?? 1 }
  let outputs = groups.groups(of: graph.nodes[layer.node].outputs[0], graph).map { $0.map { scales[$0] } ?? 1 }
  var (weights, bias) = (layer.weights, layer.bias)
  for output in 0..<layer.outputs {
    for place in layer.places(ofOutput: output) {
      weights.values[place] *= inputs[layer.input(ofPlace: place, output: output)] / outputs[output]
    }
    bias.values[output] /= outputs[output]
  }
  if weights == layer.weights && bias == layer.bias { return }
  try layer.store(weights, bias, in: &graph, foldedFrom: "the scale of a channel")
}

/// The largest magnitude of each group of channels.
private func channelMagnitudes(
  _ graph: Graph, _ groups: ChannelGroups, on data: CalibrationData, workers: Workers, progress: (Double) -> Void
) throws -> [Float] {
  var magnitudes = [Float](repeating: 0, count: groups.count)
  var lists = [[Int?]?](repeating: nil, count: graph.values.count)
  for id in graph.nodes.flatMap(\.outputs) {
    let list = groups.groups(of: id, graph)
    if list.contains(where: { $0 != nil }) { lists[id.index] = list }
  }
  let evaluator = Evaluator(graph, workers: workers)
  let examples = min(equalizationExamples, data.count)
  for example in 0..<examples {
    _ = try evaluator.run(try data.inputs(example)) { id, tensor in
      guard let list = lists[id.index] else { return }
      for (group, magnitude) in zip(list, largestMagnitudes(tensor, channels: list.count)) {
        if let group { magnitudes[group] = max(magnitudes[group], magnitude) }
      }
    }
    progress(Double(example + 1) / Double(examples))
  }
  return magnitudes
}

/// The largest finite magnitude of each channel.
private func largestMagnitudes(_ tensor: Tensor, channels: Int) -> [Float] {
  var largest = [Float](repeating: 0, count: channels)
  largest.withUnsafeMutableBufferPointer { largest in
    tensor.values.withUnsafeBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: channels) {
        for channel in 0..<channels {
          let magnitude = abs(values[start + channel])
          if magnitude > largest[channel], magnitude.isFinite { largest[channel] = magnitude }
        }
      }
    }
  }
  return largest
}

/// For each group, the largest |weight that reads it| ÷ largest |weight of the same output channel| of dense layers.
private func weightShares(_ graph: Graph, _ groups: ChannelGroups) -> [Float] {
  var shares = [Float](repeating: 0, count: groups.count)
  for node in graph.nodes.indices where !(graph.nodes[node].operation is DepthwiseConv2D) {
    guard let layer = LinearLayer(graph, node) else { continue }
    let list = groups.groups(of: graph.nodes[node].inputs[0], graph)
    for output in 0..<layer.outputs {
      let largest = layer.places(ofOutput: output).reduce(Float(0)) { max($0, abs(layer.weights.values[$1])) }
      guard largest > 0 else { continue }
      for place in layer.places(ofOutput: output) {
        guard let group = list[layer.input(ofPlace: place, output: output)] else { continue }
        shares[group] = max(shares[group], abs(layer.weights.values[place]) / largest)
      }
    }
  }
  return shares
}
