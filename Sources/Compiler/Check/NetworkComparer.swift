import Graph

/// Compares a packed model, layer by layer, with the float network that it was made of.
public final class NetworkComparer {
  /// The float network in the form in which it was quantized.
  public let graph: Graph
  private let evaluator: Evaluator
  /// The same up to the scores: probabilities hide what becomes of them.
  private let scoreEvaluator: Evaluator
  private let runner: ModelRunner
  /// Runs with float values in place of each layer's: a network that remembers has memory of its own for each way.
  private let isolatedRunner: ModelRunner
  private let layers: [MatchedLayer]
  private let layerOfOperator: [Int: Int]
  private let layerOfValue: [ValueID: Int]
  /// By layer, how each channel is stored.
  private var channels: [[StoredChannel]]

  /// Examples that suffice to know how each channel is stored.
  private static let scaleExamples = 4

  /// - Parameters:
  ///   - graph: the float network as it was imported; it is simplified here as `compile` does.
  ///   - bytes: the packed model.
  ///   - workers: the threads that share the work.
  /// - Throws: `GraphError` when the model is refused or has no layer of this network.
  public init(_ graph: Graph, _ bytes: [UInt8], workers: Workers = Workers()) throws(GraphError) {
    runner = try ModelRunner(bytes)
    var simple = graph
    try simplify(&simple, fusesResiduals: !runner.hasInt16Layers)
    isolatedRunner = try ModelRunner(bytes)
    layers = matchLayers(simple, runner)
    guard !layers.isEmpty else {
      throw GraphError("no layer of the packed model is named as one of \(graph.name): were they made of one network?")
    }
    self.graph = simple
    evaluator = Evaluator(simple, workers: workers)
    scoreEvaluator = Evaluator(scoring(simple), workers: workers)
    layerOfOperator = Dictionary(
      layers.enumerated().map { ($0.element.operatorIndex, $0.offset) }, uniquingKeysWith: { first, _ in first })
    layerOfValue = Dictionary(
      layers.enumerated().map { ($0.element.value, $0.offset) }, uniquingKeysWith: { first, _ in first })
    channels = layers.map { Array(repeating: StoredChannel(), count: $0.channels) }
  }

  /// Runs both networks on every example. What is kept does not grow with the size of the examples' number.
  /// - Parameters:
  ///   - data: the examples: tensors as the networks take them.
  ///   - costExamples: of so many examples, the network is evaluated once for each layer, with that layer alone in
  ///     int8, which tells what it costs.
  ///   - progress: told of the share done, 0…1.
  /// - Throws: `GraphError` when an example does not fit the networks; what `data` throws.
  public func compare(
    on data: CalibrationData, costExamples: Int = 4, progress: (Double) -> Void = { _ in }
  ) throws -> NetworkComparison {
    try fitScales(data)
    var sums = layers.map { LayerSums(channels: $0.channels) }
    var examples: [ExampleComparison] = []
    var output = ErrorAccumulator()
    for example in 0..<data.count {
      let values = try layerValues(try data.inputs(example), comparesAlone: true)
      for (index, layer) in layers.enumerated() {
        guard let expected = values.kept[layer.value]?.values, expected.count == values.isolated[index].count else {
          continue
        }
        sums[index].addAccumulated(expected, reals(values.accumulated[index], index))
        let alone = reals(values.isolated[index], index)
        sums[index].addIsolated(
          expected, quantized: values.isolated[index], found: alone, nearest: values.nearest[index],
          layer.quantization, channels[index])
        let onRoundedInputs = try evaluator.value(layer.value, in: values.kept) { id in
          layerOfValue[id].flatMap { other in
            let nearest = reals(values.nearest[other], other)
            return nearest.count == values.kept[id]?.count ? nearest : nil
          }
        }
        sums[index].addInputNoise(expected, onRoundedInputs.values)
        guard example < costExamples else { continue }
        var own = Tensor(shape: graph[layer.value].shape, values: alone)
        for place in own.values.indices { own.values[place] += expected[place] - onRoundedInputs.values[place] }
        let changed = try scoreEvaluator.outputs(of: values.kept, replacing: layer.value, by: own)
        for (id, found) in zip(scoreEvaluator.graph.outputs, changed) {
          sums[index].output.add(values.kept[id]?.values ?? [], found.values)
        }
      }
      var errors = ErrorAccumulator()
      for (a, b) in zip(values.kept.outputs, values.outputs) {
        errors.add(a.values, b.values)
        output.add(a.values, b.values)
      }
      examples.append(
        ExampleComparison(
          index: example, signalToNoiseDecibels: errors.signalToNoiseDecibels,
          classes: values.kept.outputs.first.flatMap { first in
            first.scoresClasses ? (first.indexOfLargest, values.outputs[0].indexOfLargest) : nil
          }))
      progress(Double(example + 1) / Double(data.count))
    }
    return NetworkComparison(
      layers: layers.indices.map { index in
        sums[index].comparison(
          name: layers[index].name, kind: layers[index].kind, shape: graph[layers[index].value].shape,
          layers[index].quantization, channels[index])
      }, examples: examples, output: output.layerError)
  }

  /// Some layers' values for one example: in float, and as the packed model runs. Places are those of
  /// `NetworkComparison.layers`; nil where the two cannot be compared.
  /// - Throws: `GraphError` when the example does not fit the networks.
  public func values(ofLayers places: [Int], _ inputs: [Tensor]) throws(GraphError) -> [(float: Tensor, int8: Tensor)?]
  {
    let values = try layerValues(inputs, comparesAlone: false)
    return places.map { place in
      guard let expected = values.kept[layers[place].value], expected.count == values.accumulated[place].count else {
        return nil
      }
      return (expected, Tensor(shape: expected.shape, values: reals(values.accumulated[place], place)))
    }
  }

  /// All that both networks compute for one example, by layer.
  private struct LayerValues {
    var kept: KeptEvaluation
    var outputs: [Tensor]
    var accumulated: [[Int32]]
    var isolated: [[Int32]]
    /// What float values become when they are quantized.
    var nearest: [[Int32]]
  }

  private func layerValues(_ inputs: [Tensor], comparesAlone: Bool) throws(GraphError) -> LayerValues {
    let kept = try evaluator.evaluateKeeping(inputs)
    var accumulated = [[Int32]](repeating: [], count: layers.count)
    let outputs = try runner.run(inputs) { computed in
      if let layer = layerOfOperator[computed.operatorIndex] { accumulated[layer] += runner.values(computed) }
    }
    var isolated = [[Int32]](repeating: [], count: layers.count)
    guard comparesAlone else {
      return LayerValues(kept: kept, outputs: outputs, accumulated: accumulated, isolated: isolated, nearest: isolated)
    }
    let nearest = layers.indices.map { index in
      quantized(kept[layers[index].value]?.values ?? [], index)
    }
    _ = try isolatedRunner.run(inputs) { computed in
      guard let layer = layerOfOperator[computed.operatorIndex] else { return }
      isolated[layer] += isolatedRunner.values(computed)
      if nearest[layer].count == accumulated[layer].count {
        isolatedRunner.setRows(computed.rows, ofTensor: computed.tensor, nearest[layer])
      }
    }
    return LayerValues(kept: kept, outputs: outputs, accumulated: accumulated, isolated: isolated, nearest: nearest)
  }

  /// Finds how channels are stored: first as the model runs, then twice more with each layer on float values, so that what
  /// one layer spoils does not mislead about the next.
  private func fitScales(_ data: CalibrationData) throws {
    guard runner.hasEqualizedChannels || runner.hasAbsorbedBiases else { return }
    for round in 0..<3 {
      var fits = layers.map { FittedScales(channels: $0.channels) }
      for example in 0..<min(Self.scaleExamples, data.count) {
        let values = try layerValues(try data.inputs(example), comparesAlone: round > 0)
        for (index, layer) in layers.enumerated() {
          let found = round > 0 ? values.isolated[index] : values.accumulated[index]
          guard let expected = values.kept[layer.value]?.values, expected.count == found.count else { continue }
          fits[index].add(expected, found, layer.quantization)
        }
      }
      let old = channels
      channels = fits.map { $0.values(hasOffsets: runner.hasAbsorbedBiases) }
      if round > 0, channels == old { return }
    }
  }

  /// Real values in the float network's units.
  private func reals(_ quantized: [Int32], _ index: Int) -> [Float] {
    let (rule, channels) = (layers[index].quantization, channels[index])
    var channel = 0
    return quantized.map { value in
      defer { channel = channel + 1 == channels.count ? 0 : channel + 1 }
      return channels[channel].value(rule.real(ofValue: value))
    }
  }

  private func quantized(_ reals: [Float], _ index: Int) -> [Int32] {
    let (rule, channels) = (layers[index].quantization, channels[index])
    var channel = 0
    return reals.map { value in
      defer { channel = channel + 1 == channels.count ? 0 : channel + 1 }
      return rule.quantized(channels[channel].stored(value))
    }
  }
}

/// The network whose outputs are what a last Softmax reads.
private func scoring(_ graph: Graph) -> Graph {
  var scoring = graph
  scoring.outputs = graph.outputs.map { id in
    let node = graph.nodes.first { $0.outputs.contains(id) }
    return node.flatMap { $0.operation is Softmax || $0.operation is LogSoftmax ? $0.inputs[0] : nil } ?? id
  }
  return scoring
}

/// A layer that both networks have.
private struct MatchedLayer {
  let value: ValueID
  let operatorIndex: Int
  let name: String
  let kind: String
  let quantization: Quantization
  let channels: Int
}

/// Pairs nodes and operators whose outputs have the same name, in order.
private func matchLayers(_ graph: Graph, _ runner: ModelRunner) -> [MatchedLayer] {
  var unmatched: [String: [ValueID]] = [:]
  for node in graph.nodes where !(node.operation is Reshape) {
    unmatched[storedName(graph[node.outputs[0]].name), default: []].append(node.outputs[0])
  }
  var layers: [MatchedLayer] = []
  for index in 0..<runner.operatorCount {
    let layer = runner.layer(index)
    guard let value = unmatched[layer.outputName]?.first else { continue }
    unmatched[layer.outputName]?.removeFirst()
    layers.append(
      MatchedLayer(
        value: value, operatorIndex: index, name: layer.name, kind: layer.kind, quantization: layer.quantization,
        channels: graph[value].shape.last ?? 1))
  }
  return layers
}
