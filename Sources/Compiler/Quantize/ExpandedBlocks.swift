import Martlet

import struct Graph.GraphError

extension NetworkPlanner {
  /// The planner and the plan of a network whose layers with weights of four bits expand as many blocks of output channels
  /// together as their plan has room for beside their tensors, up to four: the plan is no larger than with one.
  /// - Throws: as `plan`.
  static func plan(
    _ network: QuantizedNetwork, _ options: CompileOptions
  ) throws(GraphError) -> (planner: NetworkPlanner, result: Result) {
    let planner = try NetworkPlanner(network, threads: options.threads)
    let result = try planner.plan(options.arena, pushesInput: options.pushesInput)
    var wider = network
    guard wider.expandMoreBlocks(within: result.plan.arenaBytes) else { return (planner, result) }
    let other = try NetworkPlanner(wider, threads: options.threads)
    guard let second = try? other.plan(options.arena, pushesInput: options.pushesInput),
      second.plan.arenaBytes <= result.plan.arenaBytes
    else { return (planner, result) }
    return (other, second)
  }

  /// What `plan` gives.
  typealias Result = (network: QuantizedNetwork, records: NetworkRecords, plan: NetworkPlan)
}

extension QuantizedNetwork {
  /// - Returns: whether any layer expands more blocks than before.
  fileprivate mutating func expandMoreBlocks(within arenaBytes: Int) -> Bool {
    var changes = false
    for index in steps.indices {
      let record = steps[index].lowered
      guard let place = Self.blocksParameter(of: record.code), !record.channels.isEmpty else { continue }
      let groups = record.code == Conv2DInt4.code ? Int(record.parameters[Conv2D.Parameter.groups.rawValue]) : 1
      let groupBlocks = record.channels.count / max(1, groups)
      let blockBytes = 2 * record.weights.count / record.channels.count
      let tensorBytes = (steps[index].inputs + [steps[index].output]).reduce(0) { $0 + heldBytes($1) }
      let fitting = (arenaBytes - tensorBytes) / max(1, blockBytes)
      let blocks = Int32(max(1, min(fitting, groupBlocks, 4)))
      if blocks != record.parameters[place] { changes = true }
      steps[index].lowered.parameters[place] = blocks
    }
    return changes
  }

  private static func blocksParameter(of code: UInt32) -> Int? {
    switch code {
    case Conv2DInt4.code: Conv2DInt4.Parameter.blocksAtOnce.rawValue
    case FullyConnectedInt4.code: FullyConnectedInt4.Parameter.blocksAtOnce.rawValue
    default: nil
    }
  }

  private func heldBytes(_ tensor: Int) -> Int {
    tensors[tensor].shape.sizes.reduce(tensors[tensor].quantization.element.byteCount, *)
  }
}
