import Martlet

import struct Graph.Graph
import struct Graph.GraphError
import struct Graph.QuantizedWeights
import struct Graph.RuntimeShape

/// Compiles an imported int8 network into a packed model: clean, fuse, plan, pack.
///
/// Its scales, zero points, weights and biases are kept. Nothing is calibrated, corrected or estimated, and an addition
/// stays an operator of its own, so that every layer's bytes are those of the source. The same network and options give
/// the same bytes; options that concern calibration have no effect.
/// - Throws: `GraphError` when an activation has no quantization, or with every layer that cannot be compiled, the reason
///   and a remedy.
public func compileQuantized(
  _ graph: Graph, options: CompileOptions = CompileOptions()
) throws(GraphError) -> CompiledModel {
  guard graph.isQuantized else {
    throw GraphError(
      "\(graph.name): not every activation of the network is quantized; calibrate it as a float network")
  }
  var network = graph
  try simplifyQuantized(&network)
  var metadata = ModelMetadata(
    labels: options.labels.isEmpty ? graph.labels : options.labels, preprocessing: options.preprocessing,
    macs: network.macs, parameters: network.parameterCount)
  if var preprocessing = options.preprocessing, let rule = network[network.inputs[0]].quantization,
    rule.element == .int8
  {
    let input = network[network.inputs[0]]
    try preprocessing.adapt(toInput: RuntimeShape(input.shape, input.name))
    preprocessing.fillPixelTable(rule)
    metadata.preprocessing = preprocessing
  }
  var quantized = try QuantizedNetwork(quantized: network, LayerWeightBits(keeping: network, options))
  viewConcats(&quantized)
  let (planner, (planned, records, plan)) = try NetworkPlanner.plan(quantized, options)
  metadata.provenance =
    options.provenance + [("compiler", compilerVersion), ("quantization", "of the imported network")]
    + options.weights.provenance
  let bytes = try packModel(planned, records, plan, metadata)
  _ = try ModelRunner(bytes)
  let report = CompileReport(
    layers: zip(planned.steps, records.operators).map { CompileReport.Layer($0, $1, planned) },
    arenaBytes: plan.arenaBytes, lowerBoundBytes: plan.lowerBoundBytes, isPlanProvenSmallest: plan.isProvenSmallest,
    otherInputArenaBytes: planner.otherInputArenaBytes(options),
    macs: metadata.macs, parameters: metadata.parameters, calibrationExamples: 0,
    notes: quantized.steps.flatMap(\.lowered.notes), agreement: Agreement())
  return CompiledModel(
    bytes: bytes, report: report, wholeTensorBytes: try packWholeTensors(planner, options, metadata))
}

/// What is done to an imported int8 network before it is lowered. No layer's bytes change.
func simplifyQuantized(_ graph: inout Graph) throws(GraphError) {
  try clean(&graph)
  try fusePadding(&graph)
  try fuseClamps(&graph)
}

extension QuantizedNetwork {
  /// Lowers every node of an imported int8 network with its own quantizations and weights.
  /// - Throws: `GraphError` with every node that has no int8 form.
  init(quantized graph: Graph, _ bits: LayerWeightBits = .eight) throws(GraphError) {
    var weights: [Int: QuantizedWeights] = [:]
    for (position, node) in graph.nodes.enumerated() where node.inputs.count > 1 {
      weights[position] = graph[node.inputs[1]].quantizedWeights
    }
    self = try QuantizedNetwork(graph, ChosenQuantizations(keeping: graph), bits, weights)
  }
}
