import Martlet

import struct Graph.Graph
import struct Graph.GraphError
import class Graph.Workers

/// The version that provenance names; it changes whenever the same network would give other bytes.
public let compilerVersion = "4"

/// Compiles a float network into a packed int8 model: clean, fold, fuse, equalize, calibrate, round, quantize,
/// plan, pack, check.
///
/// The same network, examples (in any order) and options give the same bytes.
/// - Parameters:
///   - calibration: typical inputs; some tens suffice.
///   - progress: told of each step's name and share done, 0…1.
/// - Throws: `GraphError` with every layer that cannot be compiled, the reason and a remedy; what `calibration` throws.
public func compile(
  _ graph: Graph, calibration: CalibrationData, options: CompileOptions = CompileOptions(),
  workers: Workers = Workers(), progress: (_ step: String, _ share: Double) -> Void = { _, _ in }
) throws -> CompiledModel {
  var network = graph
  progress("simplify", 0)
  let calibration = try calibration.inOrderOfContents()
  try simplify(&network, fusesResiduals: options.activations == .int8)
  var scaled = network
  let int16 = insertRequantizations(&scaled, options)
  if options.equalizesChannels, options.activations != .int16 {
    try equalizeChannels(&scaled, on: calibration, workers: workers) { progress("equalize", $0) }
  }
  let absorbed =
    options.absorbsBiases && options.activations != .int16
    ? try absorbBiases(&scaled, on: calibration, workers: workers) { progress("absorb biases", $0) } : 0
  let bits = try LayerWeightBits(scaled, options, int16)
  let statistics = try calibrate(
    scaled, on: calibration, gathersColumns: options.roundsByCovariance, workers: workers
  ) { progress("calibrate", $0) }

  progress("quantize", 0)
  var metadata = ModelMetadata(
    labels: options.labels.isEmpty ? graph.labels : options.labels, preprocessing: options.preprocessing,
    macs: network.macs, parameters: network.parameterCount)
  var notes: [String] = []
  var quantized = try quantize(scaled, statistics, options, int16, bits, &metadata, &notes, workers) {
    progress("quantize", $0)
  }

  progress("plan", 0)
  viewConcats(&quantized)
  let (planner, (planned, records, plan)) = try NetworkPlanner.plan(quantized, options)

  progress("pack", 0)
  metadata.provenance =
    options.provenance + [
      ("compiler", compilerVersion), ("calibration method", options.calibrationMethod.description),
      ("calibration examples", "\(calibration.count)"),
      ("calibration hash", String(statistics.dataHash, radix: 16)), ("bias correction", "\(options.correctsBiases)"),
      (equalizationKey, "\(options.equalizesChannels && options.activations != .int16)"),
      (absorptionKey, "\(absorbed)"), ("rounding by covariance", "\(options.roundsByCovariance)"),
    ] + options.activations.provenance + options.weights.provenance
  let bytes = try packModel(planned, records, plan, metadata)

  let agreement = try checkAgreement(
    network, bytes, on: calibration, examples: options.checkedExamples, workers: workers
  ) { progress("check", $0) }
  notes += quantized.steps.flatMap(\.lowered.notes) + statistics.warnings(scaled)
  let report = CompileReport(
    layers: zip(planned.steps, records.operators).map { CompileReport.Layer($0, $1, planned) },
    arenaBytes: plan.arenaBytes, lowerBoundBytes: plan.lowerBoundBytes, isPlanProvenSmallest: plan.isProvenSmallest,
    otherInputArenaBytes: planner.otherInputArenaBytes(options),
    macs: metadata.macs, parameters: metadata.parameters, calibrationExamples: calibration.count, notes: notes,
    agreement: agreement,
    repairs: try repairGains(
      graph, calibration: calibration, options: options, absorbedBiases: absorbed, final: agreement, workers: workers
    ) { progress("measure repairs", $0) })
  return CompiledModel(
    bytes: bytes, report: report, wholeTensorBytes: try packWholeTensors(planner, options, metadata))
}

/// The network with every layer whole, if the options ask for it.
func packWholeTensors(
  _ planner: NetworkPlanner, _ options: CompileOptions, _ metadata: ModelMetadata
) throws(GraphError) -> [UInt8]? {
  guard options.packsWholeTensors else { return nil }
  let (planned, records, plan) = try planner.plan(.wholeTensors, pushesInput: options.pushesInput)
  return try packModel(planned, records, plan, metadata)
}

/// Chooses quantizations, corrects biases and lowers every layer; completes the preprocessing in `metadata`.
private func quantize(
  _ graph: Graph, _ statistics: CalibrationStatistics, _ options: CompileOptions, _ int16: Int16Values?,
  _ bits: LayerWeightBits, _ metadata: inout ModelMetadata, _ notes: inout [String], _ workers: Workers,
  progress: (Double) -> Void
) throws(GraphError) -> QuantizedNetwork {
  let rules = try ChosenQuantizations(graph, statistics, options, int16, &metadata)
  var corrected = graph
  if options.correctsBiases { try correctBiases(&corrected, rules, bits, statistics) }
  let weights =
    options.roundsByCovariance
    ? try roundWeights(
      graph, rules, bits, statistics, correctsBiases: options.correctsBiases, on: workers, notes: &notes,
      progress: progress) : [:]
  return try QuantizedNetwork(corrected, rules, bits, weights)
}

extension CompileReport.Layer {
  init(_ step: QuantizedNetwork.Step, _ record: OperatorRecord, _ network: QuantizedNetwork) {
    let output = network.tensors[step.output]
    self.init(
      name: step.name, kind: step.kind, outputShape: output.shape.sizes, outputScale: output.quantization.scale,
      outputZeroPoint: output.quantization.zeroPoint, outputRange: output.quantization.range, macs: step.macs,
      weightBytes: step.lowered.weights.count, scratchBytes: Int(record.scratchBytes))
  }
}
