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

/// Plans of one network for several goals; what they have in common is computed once.
final class NetworkPlanner {
  /// A network in some order of its steps.
  private final class Variant {
    let network: QuantizedNetwork
    let records: NetworkRecords
    let rows: RowNetwork
    let threads: Int
    private var searches: [Bool: PlanSearch] = [:]

    init(_ network: QuantizedNetwork, threads: Int) throws(GraphError) {
      self.network = network
      self.threads = threads
      records = try NetworkRecords(network)
      rows = RowNetwork(network, records)
    }

    func search(pushesInput: Bool) -> PlanSearch {
      if let search = searches[pushesInput] { return search }
      let search = PlanSearch(network, UnitCosts(rows, pushesInput: pushesInput, threads: threads))
      searches[pushesInput] = search
      return search
    }
  }

  /// The order at hand, and another one if whole tensors then need less memory at once.
  private let variants: [Variant]

  /// - Parameter threads: how many will run the plan; plans for more of them have fewer turns.
  /// - Throws: `GraphError` when a step or a tensor is larger than the format allows.
  init(_ network: QuantizedNetwork, threads: Int = 1) throws(GraphError) {
    let given = try Variant(network, threads: threads)
    guard let other = network.reordered(given.rows) else {
      variants = [given]
      return
    }
    variants = [given, try Variant(other, threads: threads)]
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

extension NetworkPlanner {
  /// The arena of a plan that takes the first input the other way, if the report shall say so.
  func otherInputArenaBytes(_ options: CompileOptions) -> Int? {
    guard options.reportsOtherInput else { return nil }
    var goal = options.arena
    if case .bytes = goal { goal = .automatic }
    return try? plan(goal, pushesInput: !options.pushesInput).plan.arenaBytes
  }
}
