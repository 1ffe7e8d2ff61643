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

/// Plans of one network for several goals; what they have in common is computed once.
final class NetworkPlanner {
  /// A network in some order of its steps.
  private final class Variant {
    let network: QuantizedNetwork
    let records: NetworkRecords
    let rows: RowNetwork
    private var searches: [Bool: PlanSearch] = [:]

    init(_ network: QuantizedNetwork) throws(GraphError) {
      self.network = network
      records = try NetworkRecords(network)
      rows = RowNetwork(network, records)
    }

    func search(pushesInput: Bool) -> PlanSearch {
      if let search = searches[pushesInput] { return search }
      let search = PlanSearch(network, UnitCosts(rows, pushesInput: pushesInput))
      searches[pushesInput] = search
      return search
    }
  }

  /// The order at hand, and another one if whole tensors then need less memory at once.
  private let variants: [Variant]

  /// - Throws: `GraphError` when a step or a tensor is larger than the format allows.
  init(_ network: QuantizedNetwork) throws(GraphError) {
    let given = try Variant(network)
    guard let other = network.reordered(given.rows) else {
      variants = [given]
      return
    }
    variants = [given, try Variant(other)]
  }

  /// The network in the order that needs less memory for `goal`, records with addresses, and the plan that they follow.
  /// - Throws: `GraphError` when no plan is as small as `goal` asks, with the smallest possible figure.
  func plan(
    _ goal: ArenaGoal, pushesInput: Bool
  ) throws(GraphError) -> (network: QuantizedNetwork, records: NetworkRecords, plan: NetworkPlan) {
    var best: (variant: Variant, plan: NetworkPlan)?
    var problem: GraphError?
    for variant in variants {
      do throws(GraphError) {
        let plan = try variant.search(pushesInput: pushesInput).plan(goal)
        if case .bytes = goal, best != nil { continue }
        if best.map({ plan.arenaBytes < $0.plan.arenaBytes }) ?? true { best = (variant, plan) }
      } catch {
        problem = error
      }
    }
    guard let best else { throw problem ?? GraphError("there is no plan") }
    var records = best.variant.records
    records.place(best.plan)
    return (best.variant.network, records, best.plan)
  }
}

/// Cuts a network in several ways, places the memory of each, and keeps the best: what a cut needs is known for sure only
/// when it is placed.
struct PlanSearch {
  private let network: QuantizedNetwork
  private let costs: UnitCosts
  private let segmentation: Segmentation

  init(_ network: QuantizedNetwork, _ costs: UnitCosts) {
    self.network = network
    self.costs = costs
    segmentation = Segmentation(costs)
  }

  /// - Throws: `GraphError` when no plan is as small as `goal` asks, with the smallest possible figure.
  func plan(_ goal: ArenaGoal) throws(GraphError) -> NetworkPlan {
    switch goal {
    case .wholeTensors: whole
    case .automatic: smallest(delay: costs.wholeTime * tolerance)
    case .smallest: smallest(delay: .infinity)
    case .bytes(let bytes): try fastest(within: bytes)
    }
  }

  private var whole: NetworkPlan { NetworkPlan(network, costs, segmentation.whole) }

  /// The smallest plan found that takes at most `delay` nanoseconds longer than whole tensors.
  private func smallest(delay: Double) -> NetworkPlan {
    var best = whole
    if let (units, low) = segmentation.smallest(delay: delay) {
      consider(units, &best)
      // Cuts whose units may be larger can be easier to place.
      let high = best.arenaBytes
      for step in 1..<12 {
        let bytes = low + (high - low) * step / 12
        guard bytes < best.arenaBytes, best.arenaBytes > low + low / 256 + 64 else { break }
        if let units = segmentation.fastest(within: bytes, delay: delay) { consider(units, &best) }
      }
    }
    // The model of places is too strict where several tensors live long.
    var bytes = best.arenaBytes - best.arenaBytes / 256 - 64
    for _ in 0..<8 {
      guard let units = segmentation.fastest(within: bytes, delay: delay, followsPlaces: false) else { break }
      consider(units, &best)
      bytes = min(bytes - bytes / 32, best.arenaBytes - best.arenaBytes / 256 - 64)
    }
    return best
  }

  private func consider(_ units: [PlanUnit], _ best: inout NetworkPlan) {
    guard units != best.units else { return }
    let plan = NetworkPlan(network, costs, units)
    if plan.arenaBytes < best.arenaBytes { best = plan }
  }

  /// The fastest plan found in an arena of at most `bytes`.
  private func fastest(within bytes: Int) throws(GraphError) -> NetworkPlan {
    var best: (delay: Double, plan: NetworkPlan)?
    for followsPlaces in [true, false] {
      var limit = bytes
      for _ in 0..<16 {
        guard let units = segmentation.fastest(within: limit, followsPlaces: followsPlaces) else { break }
        let delay = segmentation.delay(units)
        if let best, best.delay <= delay { break }
        let plan = NetworkPlan(network, costs, units)
        if plan.arenaBytes <= bytes {
          best = (delay, plan)
          break
        }
        limit = min(limit - (plan.arenaBytes - bytes + 7) / 8, segmentation.peakBytes(units) - 1)
      }
    }
    if let best { return best.plan }
    let smallest = smallest(delay: .infinity)
    if smallest.arenaBytes <= bytes { return smallest }
    throw GraphError(
      "no plan fits an arena of \(bytes) bytes; the smallest takes \(smallest.arenaBytes)"
        + (costs.pushesInput ? "" : ", or less when the picture is pushed by rows (--push-rows)"))
  }
}

extension NetworkPlanner {
  /// The arena of a plan that takes the first input the other way, if the report shall say so.
  func otherInputArenaBytes(_ options: CompileOptions) -> Int? {
    guard options.reportsOtherInput else { return nil }
    var goal = options.arena
    if case .bytes = goal { goal = .automatic }
    return try? plan(goal, pushesInput: !options.pushesInput).plan.arenaBytes
  }
}
