import Martlet

import struct Graph.Graph
import struct Graph.GraphError
import enum Graph.WeightBits
import struct Graph.QuantizedWeights
import class Graph.Workers

/// A float network that has seen its calibration inputs: what its packed forms with weights of other widths have in common.
struct CalibratedNetwork {
  /// Simplified.
  let network: Graph
  /// The network that is packed: channels scaled, requantizations inserted.
  let scaled: Graph
  private let source: Graph
  private let int16: Int16Values?
  private let absorbedBiases: Int
  private let statistics: CalibrationStatistics
  private let calibration: CalibrationData
  private let workers: Workers

  /// Simplifies, equalizes and calibrates; of `options`, how and with which activations.
  /// - Throws: as `compile`.
  init(
    _ graph: Graph, on calibration: CalibrationData, _ options: CompileOptions, _ workers: Workers,
    progress: (_ step: String, _ share: Double) -> Void
  ) throws {
    var network = graph
    progress("simplify", 0)
    let calibration = try calibration.inOrderOfContents()
    (source, self.calibration, self.workers) = (graph, calibration, workers)
    try simplify(&network, fusesResiduals: options.activations == .int8)
    var scaled = network
    int16 = try insertRequantizations(&scaled, options)
    if options.equalizesChannels, options.activations != .int16 {
      try equalizeChannels(&scaled, on: calibration, workers: workers) { progress("equalize", $0) }
    }
    absorbedBiases =
      options.absorbsBiases && options.activations != .int16
      ? try absorbBiases(&scaled, on: calibration, workers: workers) { progress("absorb biases", $0) } : 0
    // Names that do not exist are found before the long work.
    _ = try LayerWeightBits(scaled, options, int16)
    statistics = try calibrate(
      scaled, on: calibration,
      gathersColumns: options.roundsByCovariance && !options.reconstructsWithEightBits, workers: workers
    ) { progress("calibrate", $0) }
    (self.network, self.scaled) = (network, scaled)
  }

  /// Quantized weights of layers, and what had to be bent for them.
  struct Weights {
    /// By the layer's place in `scaled`.
    var values: [Int: QuantizedWeights] = [:]
    var notes: [String] = []
    /// The network whose biases make up for rounded weights, for layers that are not among `values`.
    var corrected: Graph
    var rules: ChosenQuantizations
    var metadata: ModelMetadata
  }

  /// Chooses quantizations, corrects biases and rounds weights.
  /// - Throws: as `compile`.
  func weights(
    _ bits: LayerWeightBits, _ options: CompileOptions, progress: (Double) -> Void
  ) throws -> Weights {
    var metadata = ModelMetadata(
      labels: options.labels.isEmpty ? source.labels : options.labels, preprocessing: options.preprocessing,
      macs: network.macs, parameters: network.parameterCount)
    let rules = try ChosenQuantizations(scaled, statistics, options, int16, &metadata)
    var result = Weights(corrected: scaled, rules: rules, metadata: metadata)
    if options.correctsBiases { try correctBiases(&result.corrected, rules, bits, statistics) }
    guard options.roundsByCovariance else { return result }
    if options.reconstructsWithEightBits {
      result.values = try reconstructWeights(
        scaled, rules, bits, on: calibration, correctsBiases: options.correctsBiases, on: workers, notes: &result.notes,
        progress: progress)
      return result
    }
    result.values = try roundWeights(
      scaled, rules, bits, statistics, correctsBiases: options.correctsBiases, on: workers, notes: &result.notes,
      progress: progress)
    return result
  }

  /// Whether a node of `scaled` computes with int16 tensors.
  func isInt16(node: Int) -> Bool { int16?.contains(node: node) == true }

  /// The bits of weights that `options` choose.
  /// - Throws: `GraphError` when a layer is named that cannot have them.
  func weightBits(_ options: CompileOptions) throws(GraphError) -> LayerWeightBits {
    try LayerWeightBits(scaled, options, int16)
  }

  /// Lowers, plans, packs and checks.
  /// - Throws: as `compile`.
  func packed(
    _ weights: Weights, _ bits: LayerWeightBits, _ options: CompileOptions,
    progress: (_ step: String, _ share: Double) -> Void
  ) throws -> CompiledModel {
    var quantized = try QuantizedNetwork(weights.corrected, weights.rules, bits, weights.values)
    progress("plan", 0)
    viewConcats(&quantized)
    let (planner, (planned, records, plan)) = try NetworkPlanner.plan(quantized, options)

    progress("pack", 0)
    var metadata = weights.metadata
    metadata.provenance =
      options.provenance + [
        ("compiler", compilerVersion), ("calibration method", options.calibrationMethod.description),
        ("calibration examples", "\(calibration.count)"),
        ("calibration hash", String(statistics.dataHash, radix: 16)), ("bias correction", "\(options.correctsBiases)"),
        (equalizationKey, "\(options.equalizesChannels && options.activations != .int16)"),
        (absorptionKey, "\(absorbedBiases)"), ("rounding by covariance", "\(options.roundsByCovariance)"),
      ] + (options.reconstructsWithEightBits ? [("reconstruction", "true")] : []) + options.activations.provenance
      + options.weights.provenance
    let bytes = try packModel(planned, records, plan, metadata)

    let agreement = try checkAgreement(
      network, bytes, on: calibration, examples: options.checkedExamples, workers: workers
    ) { progress("check", $0) }
    let notes = weights.notes + quantized.steps.flatMap(\.lowered.notes) + statistics.warnings(scaled)
    let report = CompileReport(
      layers: zip(planned.steps, records.operators).map { CompileReport.Layer($0, $1, planned) },
      arenaBytes: plan.arenaBytes, lowerBoundBytes: plan.lowerBoundBytes, isPlanProvenSmallest: plan.isProvenSmallest,
      otherInputArenaBytes: planner.otherInputArenaBytes(options),
      macs: metadata.macs, parameters: metadata.parameters, calibrationExamples: calibration.count, notes: notes,
      agreement: agreement,
      repairs: try repairGains(
        source, calibration: calibration, options: options, absorbedBiases: absorbedBiases, final: agreement,
        workers: workers
      ) { progress("measure repairs", $0) })
    return CompiledModel(
      bytes: bytes, report: report, wholeTensorBytes: try packWholeTensors(planner, options, metadata))
  }
}
