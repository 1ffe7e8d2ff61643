import Graph

/// Compiles a float network with the cheapest widths of weights and activations that keep within a budget.
///
/// First it widens activations to sixteen bits until the budget is kept on all inputs: values whose rounding to eight bits
/// does most damage alone first, by bisection. (With `options.activations` as the least that is wide, and not at all for a
/// budget of noise.) Then it takes weights to four bits, layer by layer, while the budget is kept. Every step is measured
/// with the packed network itself, on every second input; the others then decide whether the last steps are taken back.
///
/// The same network, inputs and options give the same bytes.
/// - Throws: `GraphError` when sixteen bits everywhere do not keep within the budget; as `compile`; what the inputs throw.
public func compile(
  _ graph: Graph, calibration: CalibrationData, budget: WidthBudget, options: CompileOptions = CompileOptions(),
  workers: Workers = Workers(), progress: (_ step: String, _ share: Double) -> Void = { _, _ in }
) throws -> (model: CompiledModel, search: WidthSearch) {
  // Layers exchange their weights one by one, so that none may count on those before it.
  var options = options
  options.reconstructsLayers = false
  let trials = try WidthTrials(graph, budget.data, workers) { progress("float answers", $0) }
  var search = WidthStages(
    graph: graph, calibration: calibration, budget: budget, options: options, workers: workers, trials: trials)
  let (calibrated, trial) = try search.widen(progress)
  let walk = FourBitWalk(
    budget: budget, trials: trials, trial: trial, inputs: try trials.inputs(of: trial.model))
  let choice = try walk.choose { progress("search for four bits", $0) }

  options = search.options
  let names = choice.fourBitNodes.map { calibrated.scaled.nodes[$0].name }
  options.weights = names.isEmpty ? .int8 : .int4Layers(Set(names))
  let bits = LayerWeightBits(fourBitNodes: choice.fourBitNodes, in: calibrated.scaled)
  let model = try calibrated.packed(
    trial.weights(fourBitNodes: choice.fourBitNodes), bits, options, progress: progress)
  let layers = trial.layers.map { layer in
    WidthSearch.Layer(
      name: calibrated.scaled.nodes[layer.node].name, kind: calibrated.scaled.nodes[layer.node].operation.kind,
      width: calibrated.isInt16(node: layer.node) ? .int16 : bits[layer.node] == .four ? .int4 : .int8,
      int8Bytes: layer.weightBytes, int4Noise: choice.noise[layer.node])
  }
  let eightBits = search.eightBits ?? choice.eightBits
  return (
    model,
    WidthSearch(
      layers: layers, int8Drop: eightBits.drop, searchedDrop: choice.searched.drop, heldBackDrop: choice.heldBack.drop,
      int8Decibels: eightBits.decibels, decibels: choice.searched.decibels, isLabelled: trials.answers.areLabelled,
      trials: trials.count)
  )
}

/// The first half of a search: which activations have sixteen bits.
private struct WidthStages {
  let graph: Graph
  let calibration: CalibrationData
  let budget: WidthBudget
  var options: CompileOptions
  let workers: Workers
  let trials: WidthTrials
  /// With eight bits everywhere, if that does not do.
  private(set) var eightBits: WidthTrials.Outcome?

  init(
    graph: Graph, calibration: CalibrationData, budget: WidthBudget, options: CompileOptions, workers: Workers,
    trials: WidthTrials
  ) {
    (self.graph, self.calibration, self.budget, self.options) = (graph, calibration, budget, options)
    (self.workers, self.trials) = (workers, trials)
  }

  private typealias Stage = (calibrated: CalibratedNetwork, trial: CalibratedNetwork.Trial)

  /// The network with as few activations of sixteen bits as keep within the budget, which `options` then names.
  /// - Throws: `GraphError` when all of them do not.
  mutating func widen(
    _ progress: (String, Double) -> Void
  ) throws -> (calibrated: CalibratedNetwork, trial: CalibratedNetwork.Trial) {
    let base = try stage(options, progress)
    guard case .drop(let points, _) = budget else { return base }
    let outcome = try run(base.trial.model)
    guard outcome.drop.points > points else { return base }
    eightBits = outcome
    let ranking = try ranking(progress)
    var kept: (stage: Stage, options: CompileOptions)?
    var (fails, keeps) = (0, ranking.count)
    var next = ranking.count
    while fails < keeps {
      var wider = options
      wider.activations = .int16Layers(
        ranking[..<next].reduce(into: options.activations.names) { $0.formUnion($1.names) })
      let stage = try stage(wider, progress)
      if try run(stage.trial.model).drop.points <= points {
        (kept, keeps) = ((stage, wider), next)
      } else {
        guard next < keeps else { break }
        fails = next
      }
      guard keeps - fails > 1 else { break }
      next = (fails + keeps) / 2
    }
    guard let kept else {
      throw GraphError(
        "\(graph.name) loses \(outcome.drop.points) points with eight bits, and more than \(points) with activations of "
          + "sixteen bits, too: allow a larger drop, or calibrate with more inputs that are typical")
    }
    options = kept.options
    return kept.stage
  }

  private func stage(_ options: CompileOptions, _ progress: (String, Double) -> Void) throws -> Stage {
    let calibrated = try CalibratedNetwork(graph, on: calibration, options, workers, progress: progress)
    return (calibrated, try calibrated.trial(options) { progress("round", $0) })
  }

  /// Values in the order of the damage that eight bits do to them, with additions as layers of their own, as they are next
  /// to int16 tensors.
  private func ranking(_ progress: (String, Double) -> Void) throws -> [ValueDamage] {
    guard options.activations != .int16 else { return [] }
    var apart = options
    apart.activations = .int16Layers(options.activations.names)
    apart.roundsByCovariance = false
    let calibrated = try CalibratedNetwork(graph, on: calibration, apart, workers, progress: progress)
    let rules = try calibrated.weights(.eight, apart) { _ in }.rules
    let layers = Set(calibrated.network.nodes.map(\.name))
    return try ValueDamage.ranking(calibrated.scaled, rules, trials, workers) { progress("damage of eight bits", $0) }
      .map { ValueDamage(names: $0.names.filter(layers.contains), noise: $0.noise) }
  }

  /// What a network with weights of eight bits makes of all inputs.
  private func run(_ model: ExchangeableModel) throws -> WidthTrials.Outcome {
    try trials.run(model, Array(0..<trials.data.inputs.count), trials.inputs(of: model))
  }
}

extension ActivationWidths {
  /// The layers that it names.
  fileprivate var names: Set<String> {
    if case .int16Layers(let names) = self { names } else { [] }
  }
}
