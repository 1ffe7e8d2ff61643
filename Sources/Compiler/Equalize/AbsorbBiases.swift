import Foundation
import Graph

/// Takes from channels that never come near 0 what they always hold, so that the range of their tensor need not reach so
/// far. What the network computes stays the same on the calibration examples.
///
/// A channel behind a ReLU that is always at least a > 0 is stored as x − a: the bias of the layer that writes it falls by
/// a, and those of the layers that read it rise by their weights times a (absorption of high biases, Nagel et al.,
/// Data-Free Quantization, 2019; there a follows from the distribution that batch normalization promises, here from what
/// was seen, less a tenth of it). Layers that pad what they read would have to pad with −a, so that they forbid it.
/// - Returns: how many channels were changed.
/// - Throws: `GraphError` when the network cannot be evaluated; what `data` throws.
func absorbBiases(
  _ graph: inout Graph, on data: CalibrationData, workers: Workers, progress: (Double) -> Void = { _ in }
) throws -> Int {
  let candidates = AbsorbableValue.all(graph)
  guard !candidates.isEmpty else { return 0 }
  // What few examples forbid, more allow no less.
  let few = try channelRanges(graph, candidates, on: data, 0..<min(4, data.count), workers: workers)
  let promising = candidates.filter { candidate in
    few[candidate.id]?.offsets(below: candidate.high).contains { $0 > 0 } ?? false
  }
  guard !promising.isEmpty else { return 0 }
  let ranges = try channelRanges(graph, promising, on: data, 0..<data.count, workers: workers, progress: progress)
  var changed = 0
  for candidate in promising {
    guard let offsets = ranges[candidate.id]?.offsets(below: candidate.high) else { continue }
    changed += try absorb(offsets, candidate, in: &graph)
  }
  return changed
}

/// An activation whose channels may be shifted: behind a ReLU, and read by nothing but linear layers without padding.
private struct AbsorbableValue {
  let id: ValueID
  /// The node that writes it.
  let producer: Int
  /// The nodes that read it, or read what poolings make of it.
  let readers: [Int]
  /// Above this the values are clamped.
  let high: Float

  static func all(_ graph: Graph) -> [AbsorbableValue] {
    let index = GraphIndex(graph)
    return graph.nodes.indices.compactMap { node in
      let id = graph.nodes[node].outputs[0]
      guard LinearLayer(graph, node) != nil, let clamp = graph.nodes[node].clamp, clamp.lowerBound == 0,
        graph[id].quantization == nil, let readers = linearReaders(of: id, graph, index), !readers.isEmpty
      else { return nil }
      return AbsorbableValue(id: id, producer: node, readers: readers, high: clamp.upperBound)
    }
  }

  private static func linearReaders(of id: ValueID, _ graph: Graph, _ index: GraphIndex) -> [Int]? {
    guard !index.isOutput(id) else { return nil }
    var found: [Int] = []
    for reader in Set(index.readers(of: id)).sorted() {
      let node = graph.nodes[reader]
      switch node.operation {
      case is MaxPool2D: break
      case let pool as AveragePool2D where pool.padding == .zero || !pool.countsPadding: break
      case is Reshape where graph[node.outputs[0]].shape.last == graph[id].shape.last: break
      default:
        guard let layer = LinearLayer(graph, reader), !layer.hasPadding,
          node.inputs.dropFirst().allSatisfy({ $0 != id })
        else { return nil }
        found.append(reader)
        continue
      }
      guard node.clamp == nil, graph[node.outputs[0]].quantization == nil,
        let behind = linearReaders(of: node.outputs[0], graph, index)
      else { return nil }
      found += behind
    }
    return found
  }
}

/// The smallest and the largest value of each channel.
private struct ChannelRanges {
  private var lowest: [Float]
  private var highest: [Float]

  init(channels: Int) {
    lowest = Array(repeating: .infinity, count: channels)
    highest = Array(repeating: -.infinity, count: channels)
  }

  mutating func add(_ tensor: Tensor) {
    let channels = lowest.count
    for start in stride(from: 0, to: tensor.count, by: channels) {
      for channel in 0..<channels {
        let value = tensor.values[start + channel]
        lowest[channel] = min(lowest[channel], value)
        highest[channel] = max(highest[channel], value)
      }
    }
  }

  /// What is taken from each channel, a power of 2^¼ or 0; all 0 where the range of the tensor would not shrink.
  func offsets(below clamp: Float) -> [Float] {
    let offsets = zip(lowest, highest).map { low, high -> Float in
      let span = high - low
      let most = low - span / 10
      guard most > 0, most.isFinite, high < clamp else { return 0 }
      let offset = Float(exp2((log2(Double(most)) * 4).rounded(.down) / 4))
      return offset >= span / 4 ? offset : 0
    }
    let before = highest.reduce(0, max)
    let after = zip(highest, offsets).reduce(Float(0)) { max($0, $1.0 - $1.1) }
    return after < 0.95 * before ? offsets : offsets.map { _ in 0 }
  }
}

private func channelRanges(
  _ graph: Graph, _ values: [AbsorbableValue], on data: CalibrationData, _ examples: Range<Int>, workers: Workers,
  progress: (Double) -> Void = { _ in }
) throws -> [ValueID: ChannelRanges] {
  var ranges: [ValueID: ChannelRanges] = [:]
  for value in values { ranges[value.id] = ChannelRanges(channels: graph[value.id].shape.last ?? 1) }
  let evaluator = Evaluator(graph, workers: workers)
  for example in examples {
    _ = try evaluator.run(try data.inputs(example)) { ranges[$0]?.add($1) }
    progress(Double(example + 1) / Double(examples.count))
  }
  return ranges
}

/// Moves the offsets of a value's channels from the layer that writes it to those that read it.
private func absorb(_ offsets: [Float], _ value: AbsorbableValue, in graph: inout Graph) throws(GraphError) -> Int {
  let changed = offsets.count { $0 > 0 }
  guard changed > 0 else { return 0 }
  for (node, isWriter) in [(value.producer, true)] + value.readers.map({ ($0, false) }) {
    guard let layer = LinearLayer(graph, node) else { continue }
    var bias = layer.bias
    for output in 0..<layer.outputs {
      guard !isWriter else {
        bias.values[output] -= offsets[output]
        continue
      }
      let sum = layer.places(ofOutput: output).reduce(0.0) { sum, place in
        sum + Double(layer.weights.values[place]) * Double(offsets[layer.input(ofPlace: place, output: output)])
      }
      bias.values[output] = Float(Double(bias.values[output]) + sum)
    }
    try layer.store(layer.weights, bias, in: &graph, foldedFrom: "a bias of the layer before")
  }
  return changed
}

/// The line of provenance that says how many channels are stored less something.
let absorptionKey = "absorbed biases"
