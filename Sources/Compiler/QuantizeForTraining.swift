import Martlet

import struct Graph.Graph
import struct Graph.GraphError
import struct Graph.ValueID
import class Graph.Workers

/// The network as it is packed, each activation with the quantization that calibration gives: what quantization-aware
/// training begins with, and `compileQuantized` ends with.
///
/// Batch normalizations are folded, clamps and residuals fused; weights stay float.
/// - Parameters:
///   - graph: the float network, or what this made of it.
///   - calibration: typical inputs; some tens suffice.
///   - options: how ranges are chosen and which layers have 16 bits.
///   - isSimplified: whether `graph` came from here and is only to be calibrated anew.
///   - workers: the threads that share the work.
/// - Throws: as `compile`.
public func quantizeForTraining(
  _ graph: Graph, calibration: CalibrationData, options: CompileOptions = CompileOptions(), isSimplified: Bool = false,
  workers: Workers = Workers()
) throws -> Graph {
  var network = graph
  if isSimplified {
    for id in network.valueIDs { network[id].quantization = nil }
  } else {
    try simplify(&network)
    network.separateConstants()
  }
  let statistics = try calibrate(network, on: calibration, workers: workers)
  var metadata = ModelMetadata(preprocessing: options.preprocessing)
  let rules = try ChosenQuantizations(network, statistics, options, nil, &metadata)
  for id in network.valueIDs where network[id].constant == nil { network[id].quantization = rules[id] }
  guard network.isQuantized else {
    throw GraphError("\(network.name): not every activation got a quantization; give typical calibration inputs")
  }
  return network
}

extension Graph {
  /// Inputs and what layers compute.
  fileprivate var valueIDs: [ValueID] { inputs + nodes.flatMap(\.outputs) }
}
