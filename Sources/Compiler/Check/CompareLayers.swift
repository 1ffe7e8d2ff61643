import Graph

/// How near one layer of a packed model is to the same layer of the float network, errors of earlier layers included.
public struct LayerComparison: Sendable {
  /// The layer's name.
  public var name: String
  /// The operator's name.
  public var kind: String
  /// 10·log₁₀(Σ float² ÷ Σ (float − int8)²); infinite when they are equal.
  public var signalToNoiseDecibels: Double
  /// Cosine of the angle between the two.
  public var cosine: Double
  /// The largest |float − int8|.
  public var maximumError: Float
  /// Share (0…1) of float values outside the range that the int8 tensor can represent.
  public var saturatedShare: Double
}

/// Runs both networks on every example and compares each layer that they share, in execution order. What is kept does
/// not grow with the number of examples.
/// - Parameter graph: the float network as it was imported; it is simplified here as `compile` does.
/// - Throws: `GraphError` when the model is refused or has no layer of this network; what `data` throws.
public func compareLayers(
  _ graph: Graph, _ bytes: [UInt8], on data: CalibrationData, workers: Workers = Workers(),
  progress: (Double) -> Void = { _ in }
) throws -> [LayerComparison] {
  var simple = graph
  try simplify(&simple)
  let runner = try ModelRunner(bytes)
  var layers = matchLayers(simple, runner)
  guard !layers.isEmpty else {
    throw GraphError("no layer of the packed model is named as one of \(graph.name): were they made of one network?")
  }
  let evaluator = Evaluator(simple, workers: workers)
  let layerOfOperator = Dictionary(
    layers.enumerated().map { ($0.element.operatorIndex, $0.offset) }, uniquingKeysWith: { first, _ in first })
  let layerOfValue = Dictionary(
    layers.enumerated().map { ($0.element.value, $0.offset) }, uniquingKeysWith: { first, _ in first })
  func visit(_ example: Int, _ body: (inout MatchedLayer, Tensor, [Int32]) -> Void) throws {
    let inputs = try data.inputs(example)
    var quantized = [[Int32]](repeating: [], count: layers.count)
    _ = try runner.run(inputs) { computed in
      if let layer = layerOfOperator[computed.operatorIndex] { quantized[layer] += runner.values(computed) }
    }
    _ = try evaluator.run(inputs) { id, tensor in
      if let layer = layerOfValue[id], tensor.count == quantized[layer].count {
        body(&layers[layer], tensor, quantized[layer])
      }
    }
  }
  let equalized = runner.hasEqualizedChannels ? min(scaleExamples, data.count) : 0
  for example in 0..<equalized { try visit(example) { $0.scales?.add($1.values, $2, $0.quantization) } }
  for layer in layers.indices where equalized == 0 { layers[layer].scales = nil }
  for example in 0..<data.count {
    try visit(example) { $0.add($1, $2) }
    progress(Double(example + 1) / Double(data.count))
  }
  return layers.map(\.comparison)
}

/// Examples that suffice to know by what each channel was divided.
private let scaleExamples = 4

/// A layer that both networks have, and its sums.
private struct MatchedLayer {
  let value: ValueID
  let operatorIndex: Int
  let name: String
  let kind: String
  let quantization: Quantization
  /// What the channels of the packed layer were divided by; nil: nothing.
  var scales: FittedScales?
  var errors = ErrorAccumulator()
  var saturated = 0
  var count = 0

  mutating func add(_ expected: Tensor, _ quantized: [Int32]) {
    let channels = expected.shape.last ?? 1
    let factors = scales?.values ?? Array(repeating: 1, count: channels)
    let (low, high) = (quantization.range.lowerBound, quantization.range.upperBound)
    let half = quantization.scale / 2
    var found = quantized.map(quantization.real(ofValue:))
    for index in found.indices {
      let factor = factors[index % channels]
      found[index] *= factor
      let value = expected.values[index] / factor
      if value < low - half || value > high + half { saturated += 1 }
    }
    errors.add(expected.values, found)
    count += quantized.count
  }

  var comparison: LayerComparison {
    LayerComparison(
      name: name, kind: kind, signalToNoiseDecibels: errors.signalToNoiseDecibels, cosine: errors.cosine,
      maximumError: errors.largestError, saturatedShare: Double(saturated) / Double(max(1, count)))
  }
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
        value: value, operatorIndex: index, name: layer.name, kind: layer.kind,
        quantization: layer.quantization, scales: FittedScales(channels: graph[value].shape.last ?? 1)))
  }
  return layers
}
