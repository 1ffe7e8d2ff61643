import Graph

/// What calibration has seen of each activation of one network.
public struct CalibrationStatistics: Sendable {
  private var histograms: [Histogram?]
  /// Sums over pixels and examples of each channel of the activations that weights multiply, for bias correction.
  private var channelSums: [ChannelSums?]
  /// Moments of the columns that each node's weights multiply.
  private var columnMoments: [ColumnMoments?]
  /// Nodes whose moments an activation adds to.
  private var weightedReaders: [[Int]]
  private var hash = FowlerNollVoHash()

  /// Check of all examples, in order: part of the packed file's provenance.
  public var dataHash: UInt64 { hash.value }

  /// Nothing seen yet.
  init(_ graph: Graph, examples: Int = 1, gathersColumns: Bool = false) {
    columnMoments = graph.nodes.enumerated().map { index, node in
      guard gathersColumns, let columns = LayerColumns(graph, node) else { return nil }
      return ColumnMoments(columns, seed: UInt64(index), examples: examples)
    }
    weightedReaders = Array(repeating: [], count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() where columnMoments[index] != nil {
      weightedReaders[node.inputs[0].index].append(index)
    }
    histograms = Array(repeating: nil, count: graph.values.count)
    channelSums = Array(repeating: nil, count: graph.values.count)
    for node in graph.nodes where LinearLayer.isOne(node.operation) {
      let input = node.inputs[0]
      channelSums[input.index] = ChannelSums(channels: graph[input].shape.last ?? 1)
    }
  }

  /// What was seen of a value.
  public func histogram(of id: ValueID) -> Histogram { histograms[id.index] ?? Histogram() }

  /// The mean of each channel of a value that a weighted layer reads; nil for others.
  func channelMeans(of id: ValueID) -> [Double]? { channelSums[id.index]?.means }

  /// What is known of the columns that a node's weights multiply; nil without weights, or when they are too long.
  func columnMoments(ofNode node: Int) -> ColumnMoments? { columnMoments[node] }

  /// A sentence for each layer with values that are not numbers in some places.
  func warnings(_ graph: Graph) -> [String] {
    graph.nodes.compactMap { node in
      let count = histogram(of: node.outputs[0]).nonFiniteCount
      return count == 0 ? nil : "\(node.name): \(count) of its values were infinite or undefined in calibration"
    }
  }

  mutating func add(_ id: ValueID, _ tensor: Tensor, on workers: Workers) {
    for node in weightedReaders[id.index] { columnMoments[node]?.add(tensor, on: workers) }
    if histograms[id.index] == nil { histograms[id.index] = Histogram() }
    histograms[id.index]?.add(tensor.values)
    channelSums[id.index]?.add(tensor)
  }

  /// Takes the range −`magnitude`…`magnitude` for that of a value.
  mutating func assume(_ magnitude: Float, value: Int) {
    histograms[value] = Histogram()
    histograms[value]?.add([-magnitude, magnitude])
  }

  mutating func addToHash(_ tensor: Tensor) { hash.add(tensor) }
}

/// Sums of each channel (the last axis).
struct ChannelSums: Sendable {
  private var sums: [Double]
  private var count = 0

  init(channels: Int) { sums = Array(repeating: 0, count: channels) }

  var means: [Double] { sums.map { $0 / Double(max(1, count)) } }

  mutating func add(_ tensor: Tensor) {
    let channels = sums.count
    tensor.values.withUnsafeBufferPointer { values in
      sums.withUnsafeMutableBufferPointer { sums in
        for start in stride(from: 0, to: values.count, by: channels) {
          for channel in 0..<channels where values[start + channel].isFinite {
            sums[channel] += Double(values[start + channel])
          }
        }
      }
    }
    count += tensor.count / channels
  }
}

/// Runs the network on every example and collects what each activation holds. The memory does not depend on how many
/// examples there are, and the result not on their order (but for `dataHash`).
/// - Throws: `GraphError` when there is no example, one has another shape than the network's input, or the network's own
///   float result is infinite or undefined.
public func calibrate(
  _ graph: Graph, on data: CalibrationData, gathersColumns: Bool = false, workers: Workers = Workers(),
  progress: (Double) -> Void = { _ in }
) throws -> CalibrationStatistics {
  guard data.count > 0 else {
    throw GraphError(
      "\(graph.name): there is no calibration example; give at least one input that is typical for the network")
  }
  let evaluator = Evaluator(graph, workers: workers)
  var statistics = CalibrationStatistics(graph, examples: data.count, gathersColumns: gathersColumns)
  for example in 0..<data.count {
    let inputs = try data.inputs(example)
    for (id, tensor) in zip(graph.inputs, inputs) {
      statistics.add(id, tensor, on: workers)
      statistics.addToHash(tensor)
    }
    let outputs = try evaluator.run(inputs) { statistics.add($0, $1, on: workers) }
    if outputs.contains(where: { $0.values.contains { !$0.isFinite } }) {
      throw brokenNetwork(graph, statistics, example: example)
    }
    progress(Double(example + 1) / Double(data.count))
  }
  return statistics
}

/// Names the first layer whose values are not numbers any more.
private func brokenNetwork(_ graph: Graph, _ statistics: CalibrationStatistics, example: Int) -> GraphError {
  let first = graph.nodes.first { node in
    node.outputs.contains { statistics.histogram(of: $0).nonFiniteCount > 0 }
  }
  let place = first.map { "\($0.name) (\($0.operation.kind))" } ?? "the network's input"
  return GraphError(
    "\(graph.name): \(place) gives infinite or undefined values in float on calibration example \(example), and so does "
      + "the network; look for a broken weight, scale or variance there, or for a wrong preprocessing")
}

extension LinearLayer {
  /// Whether an operator multiplies its input 0 by weights.
  static func isOne(_ operation: any Operator) -> Bool {
    operation is Conv2D || operation is DepthwiseConv2D || operation is FullyConnected
  }
}
