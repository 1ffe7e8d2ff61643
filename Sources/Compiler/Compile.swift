import Martlet

import struct Graph.Graph
import struct Graph.GraphError
import class Graph.Workers

/// The version that provenance names; it changes whenever the same network would give other bytes.
public let compilerVersion = "5"

/// Compiles a float network into a packed int8 model: clean, fold, fuse, equalize, calibrate, round, quantize,
/// plan, pack, check.
///
/// The same network, examples (in any order) and options give the same bytes. With `options.measuresRepairs`, the repair
/// that does most harm on the calibration inputs, if one does, is not made.
/// - Parameters:
///   - graph: the float network, as it was imported.
///   - calibration: typical inputs; some tens suffice.
///   - options: how it is calibrated, rounded, planned and labelled.
///   - workers: the threads that share the work.
///   - progress: told of each step's name and share done, 0…1.
/// - Throws: `GraphError` with every layer that cannot be compiled, the reason and a remedy; what `calibration` throws.
public func compile(
  _ graph: Graph, calibration: CalibrationData, options: CompileOptions = CompileOptions(),
  workers: Workers = Workers(), progress: (_ step: String, _ share: Double) -> Void = { _, _ in }
) throws -> CompiledModel {
  let calibrated = try CalibratedNetwork(graph, on: calibration, options, workers, progress: progress)
  let bits = try calibrated.weightBits(options)
  progress("quantize", 0)
  let weights = try calibrated.weights(bits, options) { progress("quantize", $0) }
  let compiled = try calibrated.packed(weights, bits, options, progress: progress)
  guard let harmful = compiled.report.harmfulRepair else { return compiled }
  var others = options
  others[harmful] = false
  others.measuresRepairs = false
  var better = try compile(graph, calibration: calibration, options: others, workers: workers, progress: progress)
  better.report.repairs = compiled.report.repairs.map {
    RepairGain(repair: $0.repair, isOn: $0.isOn && $0.repair != harmful, gainDecibels: $0.gainDecibels)
  }
  return better
}

/// The network with every layer whole, if the options ask for it.
func packWholeTensors(
  _ planner: NetworkPlanner, _ options: CompileOptions, _ metadata: ModelMetadata
) throws(GraphError) -> [UInt8]? {
  guard options.packsWholeTensors else { return nil }
  let (planned, records, plan) = try planner.plan(.wholeTensors, pushesInput: options.pushesInput)
  return try packModel(planned, records, plan, metadata)
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
