import struct Graph.GraphError

/// The most of a run's estimated time that running by rows may add under `ArenaGoal.automatic`.
private let tolerance = 0.01

/// Cuts a network in several ways, places the memory of each, and keeps the best: what a cut needs is known for sure only
/// when it is placed.
struct PlanSearch {
  let network: QuantizedNetwork
  let costs: UnitCosts
  let segmentation: Segmentation
  /// Cuts whose followers lie no lower than they must.
  private let strictSegmentation: Segmentation

  init(_ network: QuantizedNetwork, _ costs: UnitCosts) {
    self.network = network
    self.costs = costs
    segmentation = Segmentation(costs, movesFollowers: true)
    strictSegmentation = Segmentation(costs, movesFollowers: false)
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

  /// The smallest plan found that takes at most `delay` nanoseconds longer than whole tensors; of those, a fast one.
  private func smallest(delay: Double) -> NetworkPlan {
    var best = whole
    for (segmentation, isFromAbove) in [(strictSegmentation, true), (segmentation, true), (segmentation, false)] {
      guard let (units, low) = segmentation.smallest(delay: delay, isFromAbove: isFromAbove) else { continue }
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
    // More patience while the best plan is far above what the units of any cut need.
    let least = segmentation.smallest(delay: delay, followsPlaces: false)?.bytes ?? 0
    for share in [100, 40, 200, 60, 25, 150, 12, 75, 300] {
      for followsPlaces in [true, false] where best.arenaBytes - least > least / 128 + 192 {
        relieve(&best, delay: delay, followsPlaces: followsPlaces, share: share)
      }
    }
    return finished(best)
  }

  /// Looks for a smaller plan by asking for room where placing failed: around the buffer that ended highest, the largest
  /// unit must leave more and more bytes free, steps of one part in `share`.
  private func relieve(_ best: inout NetworkPlan, delay: Double, followsPlaces: Bool, share: Int) {
    var margins = [Int](repeating: 0, count: costs.network.steps.count)
    for _ in 0..<max(6, min(24, 2000 / margins.count)) {
      let bytes = best.arenaBytes - best.arenaBytes / 256 - 64
      let found = segmentation.fastest(within: bytes, delay: delay, followsPlaces: followsPlaces, margins: margins)
      guard let units = found else {
        for step in margins.indices { margins[step] = margins[step] * 3 / 4 }
        continue
      }
      let plan = NetworkPlan(network, costs, units, limit: best.arenaBytes, alignments: [16])
      if plan.arenaBytes < best.arenaBytes {
        best = plan
      } else if plan.arenaBytes - plan.arenaBytes / 8 < best.arenaBytes {
        // Whatever may lie over what it reads.
        consider(units.map { PlanUnit(steps: $0.steps, chunk: $0.chunk, overlays: $0.chunk != nil) }, &best)
      }
      let crowded = plan.highestUnits.max {
        (segmentation.peakBytes([units[$0]]), $1) < (segmentation.peakBytes([units[$1]]), $0)
      }
      guard let crowded else { return }
      for step in units[crowded].steps { margins[step] += max(bytes / share, (plan.arenaBytes - bytes) / 4) }
    }
  }

  private func consider(_ units: [PlanUnit], _ best: inout NetworkPlan) {
    guard units != best.units else { return }
    let plan = NetworkPlan(network, costs, units, limit: best.arenaBytes, alignments: [16])
    if plan.arenaBytes < best.arenaBytes { best = plan }
  }

  /// The fastest plan found in an arena of at most `bytes`.
  private func fastest(within bytes: Int) throws(GraphError) -> NetworkPlan {
    if let best = fastest(upTo: bytes) { return refined(best.plan, within: bytes) }
    let smallest = smallest(delay: .infinity)
    if smallest.arenaBytes <= bytes { return smallest }
    throw GraphError(
      "no plan fits an arena of \(bytes) bytes; the smallest takes \(smallest.arenaBytes)"
        + (costs.pushesInput ? "" : ", or less when the picture is pushed by rows (--push-rows)"))
  }

  /// As `fastest`, of those that take at most `delay` nanoseconds longer than whole tensors; nil when none is found.
  func fastest(upTo bytes: Int, delay limit: Double = .infinity) -> (delay: Double, plan: NetworkPlan)? {
    var best: (delay: Double, plan: NetworkPlan)?
    for followsPlaces in [true, false] {
      var unitBytes = bytes
      for _ in 0..<16 {
        let found = segmentation.fastest(
          within: unitBytes, delay: min(limit, best?.delay ?? .infinity), followsPlaces: followsPlaces)
        guard let units = found else { break }
        let delay = segmentation.delay(units)
        if let best, best.delay <= delay { break }
        let plan = NetworkPlan(network, costs, units, steps: 600, limit: bytes + 1, target: bytes)
        if plan.arenaBytes <= bytes {
          best = (delay, plan)
          break
        }
        unitBytes = min(unitBytes - (plan.arenaBytes - bytes + 7) / 8, segmentation.peakBytes(units) - 1)
      }
    }
    return best
  }
}
