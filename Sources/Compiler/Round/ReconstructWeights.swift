import Graph

/// Quantized weights with which each packed layer gives, from what the packed layers before it give, what the float layer
/// gives in the float network: as nearly as weights can.
///
/// This is the reconstruction of layers on the outputs of quantized ones (AdaRound, Nagel et al. 2020), in closed form: with x
/// the column that a float output multiplies, x̂ what stands there in the packed network, and r the residual that the layer
/// adds, the weights with the least squared error are W + (W · Cov(x − x̂, x̂) + Cov(r − r̂, x̂)) · Cov(x̂)⁻¹. They are rounded
/// with error feedback, and the bias takes the mean error that is left.
///
/// The same examples give the same weights.
/// - Parameter bits: eight for all layers.
/// - Throws: `GraphError` when a layer's weights cannot be quantized; what the examples throw.
func reconstructWeights(
  _ graph: Graph, _ rules: ChosenQuantizations, _ bits: LayerWeightBits, on data: CalibrationData,
  correctsBiases: Bool, on workers: Workers, notes: inout [String], progress: (Double) -> Void
) throws -> [Int: QuantizedWeights] {
  var result: [Int: QuantizedWeights] = [:]
  var run = TwinRun(graph, rules, on: data, workers: workers)
  for node in graph.nodes.indices {
    progress(Double(node) / Double(graph.nodes.count))
    try run.prepare(node)
    var constants: [Int: Tensor] = [:]
    if let layer = LinearLayer(graph, node), let rule = rules[graph.nodes[node].inputs[0]] {
      let packing = LayerPacking(graph, node, layer, rule, bits[node], correctsBiases: correctsBiases)
      let weights: QuantizedWeights
      if let moments = gatherMoments(graph, node, layer, run, on: workers) {
        weights = try packing.reconstructed(moments, on: workers, notes: &notes)
        result[node] = weights
      } else {
        var ignored: [String] = []
        weights = try packing.quantized(layer.weights.values, layer.bias.values, notes: &ignored)
      }
      constants = layer.constants(weights, rule)
    }
    try run.run(node, packedConstants: constants)
  }
  return result
}

/// What the examples that run now show of a layer; nil when its columns are too long.
private func gatherMoments(
  _ graph: Graph, _ node: Int, _ layer: LinearLayer, _ run: TwinRun, on workers: Workers
) -> TwinHalves? {
  let inputs = graph.nodes[node].inputs
  guard let columns = LayerColumns(graph, graph.nodes[node]),
    let none = TwinMoments(
      columns, residuals: layer.hasResidual ? layer.outputs : 0, seed: UInt64(node), examples: run.twins.count)
  else { return nil }
  var halves = [none, none]
  for (number, twin) in run.twins.enumerated() {
    guard let float = twin.float[inputs[0]], let packed = twin.packed[inputs[0]] else { return nil }
    var residual: (Tensor, Tensor)?
    if layer.hasResidual, let a = twin.float[inputs[3]], let b = twin.packed[inputs[3]] { residual = (a, b) }
    halves[number % 2].add(float: float, packed: packed, residual: residual, on: workers)
  }
  return TwinHalves(first: halves[0], second: halves[1], whole: halves[0] + halves[1])
}

/// What every second example shows of a layer, what the others show, and all together.
struct TwinHalves: Sendable {
  let first: TwinMoments
  let second: TwinMoments
  let whole: TwinMoments
}

/// How a layer's real weights become whole numbers.
private struct LayerPacking {
  private let name: String
  private let layer: LinearLayer
  private let rule: Quantization
  private let bits: WeightBits
  private let order: WeightOrder
  private let correctsBiases: Bool

  init(
    _ graph: Graph, _ node: Int, _ layer: LinearLayer, _ rule: Quantization, _ bits: WeightBits, correctsBiases: Bool
  ) {
    (name, self.layer, self.rule, self.bits) = (graph.nodes[node].name, layer, rule, bits)
    order = graph.nodes[node].operation is DepthwiseConv2D ? .channelLast : .channelFirst
    self.correctsBiases = correctsBiases
  }

  /// Each weight rounded to its nearest step.
  /// - Throws: `GraphError` when too many weights meet in one output.
  func quantized(
    _ weights: [Float], _ biases: [Float], notes: inout [String]
  ) throws(GraphError) -> QuantizedWeights {
    do throws(GraphError) {
      return try QuantizedWeights(
        rounding: weights, order: order, biases: biases, input: rule, bits: bits, notes: &notes)
    } catch {
      throw GraphError("\(name): \(error.description)")
    }
  }

  /// The weights that come nearest to float.
  /// - Throws: `GraphError` when too many weights meet in one output.
  func reconstructed(
    _ halves: TwinHalves, on workers: Workers, notes: inout [String]
  ) throws(GraphError) -> QuantizedWeights {
    let fit = LayerReconstruction(layer, halves, on: workers)
    var ignored: [String] = []
    let nearest = try quantized(fit.weights, layer.bias.values, notes: &ignored)
    let rounded = fit.rounded(scales: nearest.scales, largest: bits.largest, on: workers)
    var layerNotes: [String] = []
    var result = try quantized(
      fit.weights, correctsBiases ? fit.biases(rounded, scales: nearest.scales) : layer.bias.values,
      notes: &layerNotes)
    notes += layerNotes.map { "\(name), \($0)" }
    for channel in 0..<layer.outputs where result.scales[channel] == nearest.scales[channel] {
      for (index, place) in layer.places(ofOutput: channel).enumerated() {
        result.values[place] = rounded[channel][index]
      }
    }
    return result
  }
}

extension LinearLayer {
  /// The packed layer's weights and bias as real numbers, by their places among the node's inputs.
  func constants(_ packed: QuantizedWeights, _ input: Quantization) -> [Int: Tensor] {
    var (weights, bias) = (weights, bias)
    for channel in 0..<outputs {
      let scale = packed.scales[channel]
      for place in places(ofOutput: channel) { weights.values[place] = scale * Float(packed.values[place]) }
      bias.values[channel] = Float(Double(input.scale) * Double(scale) * Double(packed.biases[channel]))
    }
    return [1: weights, 2: bias]
  }
}
