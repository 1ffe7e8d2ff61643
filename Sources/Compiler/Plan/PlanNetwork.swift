import struct Graph.GraphError

/// How much memory a plan may take.
public enum ArenaGoal: Equatable, Sendable {
  /// The smallest arena that costs no time.
  case automatic
  /// The fastest plan in at most so many bytes.
  case bytes(Int)
  /// The smallest arena, however long it takes.
  case smallest
  /// Every layer whole, one after the other.
  case wholeTensors
}

/// The most of a run's estimated time that running by rows may add under `ArenaGoal.automatic`.
private let tolerance = 0.01

/// Records with addresses, and the plan that they follow.
/// - Throws: `GraphError` when no plan is as small as `goal` asks, with the smallest possible figure.
func planNetwork(
  _ network: QuantizedNetwork, goal: ArenaGoal, pushesInput: Bool
) throws(GraphError) -> (records: NetworkRecords, plan: NetworkPlan) {
  var records = try NetworkRecords(network)
  let costs = UnitCosts(RowNetwork(network, records), pushesInput: pushesInput)
  let segmentation = Segmentation(costs)
  var plan: NetworkPlan
  switch goal {
  case .wholeTensors: plan = NetworkPlan(network, costs, segmentation.whole)
  case .automatic:
    plan = NetworkPlan(network, costs, segmentation.smallestWithoutDelay(tolerance: tolerance))
  case .smallest: plan = NetworkPlan(network, costs, segmentation.smallest())
  case .bytes(let bytes): plan = try fastestPlan(within: bytes, network, costs, segmentation)
  }
  if goal == .automatic || goal == .smallest, plan.arenaBytes < 1 << 16 {
    // Alignment and slack can outweigh what rows save in a very small network.
    let whole = NetworkPlan(network, costs, segmentation.whole)
    if whole.arenaBytes <= plan.arenaBytes { plan = whole }
  }
  records.place(plan)
  return (records, plan)
}

/// The fastest plan whose arena, with slack and gaps between buffers, has at most `bytes`.
private func fastestPlan(
  within bytes: Int, _ network: QuantizedNetwork, _ costs: UnitCosts, _ segmentation: Segmentation
) throws(GraphError) -> NetworkPlan {
  var limit = bytes
  while let units = segmentation.fastest(within: limit) {
    let plan = NetworkPlan(network, costs, units)
    if plan.arenaBytes <= bytes { return plan }
    limit = min(limit, segmentation.peakBytes(units)) - 1
  }
  let smallest = NetworkPlan(network, costs, segmentation.smallest())
  if smallest.arenaBytes <= bytes { return smallest }
  throw GraphError(
    "no plan fits an arena of \(bytes) bytes; the smallest takes \(smallest.arenaBytes)"
      + (costs.pushesInput ? "" : ", or less when the picture is pushed by rows (--push-rows)"))
}

/// The arena of a plan that takes the first input the other way, if the report shall say so.
func otherInputArenaBytes(_ network: QuantizedNetwork, _ options: CompileOptions) -> Int? {
  guard options.reportsOtherInput else { return nil }
  var goal = options.arena
  if case .bytes = goal { goal = .automatic }
  return try? planNetwork(network, goal: goal, pushesInput: !options.pushesInput).plan.arenaBytes
}
