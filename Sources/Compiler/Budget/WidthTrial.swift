import Graph
import Martlet

extension CalibratedNetwork {
  /// Both kinds of weights of every layer, and the packed network in which layers can exchange them.
  struct Trial {
    let eight: Weights
    let four: Weights
    let model: ExchangeableModel
    /// All layers with weights, in execution order.
    let layers: [TrialLayer]
    /// The layers that may have weights of four bits.
    var fourBitLayers: [TrialLayer] { layers.filter(\.hasFourBitForm) }

    /// What a packed network with these layers' weights in four bits is made of.
    func weights(fourBitNodes: Set<Int>) -> Weights {
      var mixed = eight
      for node in fourBitNodes { mixed.values[node] = four.values[node] }
      return mixed
    }
  }

  /// A layer with weights.
  struct TrialLayer {
    /// Its place in `scaled`.
    let node: Int
    /// Its place in the packed network.
    let operatorIndex: Int
    /// Packed, of eight bits.
    let weightBytes: Int
    /// Whether four may do.
    let hasFourBitForm: Bool
  }

  /// Rounds all weights to eight and to four bits, and packs both, tensors whole.
  /// - Throws: as `compile`.
  func trial(_ options: CompileOptions, progress: (Double) -> Void) throws -> Trial {
    var options = options
    (options.arena, options.pushesInput) = (.wholeTensors, false)
    let eight = try weights(.eight, options) { progress($0 / 2) }
    options.weights = .int4
    let bits = try weightBits(options)
    var four = try weights(bits, options) { progress(0.5 + $0 / 2) }
    try completeWeights(&four, bits)
    let (bytes, steps) = try file(eight, options)
    let layers = steps.enumerated().compactMap { index, step -> TrialLayer? in
      guard !step.lowered.weights.isEmpty else { return nil }
      return TrialLayer(
        node: step.node, operatorIndex: index, weightBytes: step.lowered.weights.count,
        hasFourBitForm: bits[step.node] == .four)
    }
    return Trial(
      eight: eight, four: four, model: try ExchangeableModel(eight: bytes, four: file(four, options).bytes),
      layers: layers)
  }

  /// Rounds the weights of layers whose columns calibration does not know, each to its nearest step.
  private func completeWeights(_ weights: inout Weights, _ bits: LayerWeightBits) throws(GraphError) {
    for node in scaled.nodes.indices where bits[node] == .four && weights.values[node] == nil {
      guard let layer = LinearLayer(weights.corrected, node), let rule = weights.rules[scaled.nodes[node].inputs[0]]
      else { continue }
      weights.values[node] = try QuantizedWeights(
        rounding: layer.weights.values, order: .channelFirst, biases: layer.bias.values, input: rule, bits: .four,
        notes: &weights.notes)
    }
  }

  /// A packed file whose weights all take eight bits, and its steps.
  private func file(
    _ weights: Weights, _ options: CompileOptions
  ) throws(GraphError) -> (bytes: [UInt8], steps: [QuantizedNetwork.Step]) {
    var quantized = try QuantizedNetwork(weights.corrected, weights.rules, .eight, weights.values)
    viewConcats(&quantized)
    let (planned, records, plan) = try NetworkPlanner(quantized, threads: options.threads).plan(
      options.arena, pushesInput: false)
    return (try packModel(planned, records, plan, weights.metadata), planned.steps)
  }
}
