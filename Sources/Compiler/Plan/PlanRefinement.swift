/// What a cut leaves over of an arena, its turns can use: more rows a turn, or fewer steps a group, where that saves time.
extension PlanSearch {
  /// A plan placed with care, and faster if more can be done in its arena.
  func finished(_ plan: NetworkPlan) -> NetworkPlan {
    var best = NetworkPlan(network, costs, plan.units, steps: 8000, limit: plan.arenaBytes)
    if best.arenaBytes > plan.arenaBytes { best = plan }
    let bytes = best.arenaBytes
    let delay = segmentation.delay(best.units)
    if let found = fastest(upTo: bytes, delay: delay), found.delay < delay { best = found.plan }
    return refined(best, within: bytes)
  }

  /// The plan with units one by one replaced by faster ones while the arena stays within `bytes`.
  func refined(_ plan: NetworkPlan, within bytes: Int) -> NetworkPlan {
    var best = plan
    var attempts = 160
    var isDone: Set<PlanUnit> = []
    while attempts > 0 {
      let open = best.units.filter { costs.cost($0).delay > 0 && !isDone.contains($0) }
      let slowest = open.max { costs.cost($0).delay < costs.cost($1).delay }
      guard let slowest, let index = best.units.firstIndex(of: slowest) else { break }
      isDone.insert(slowest)
      for units in faster(slowest, within: bytes).prefix(12) where attempts > 0 {
        attempts -= 1
        let next = NetworkPlan(
          network, costs, best.units[..<index] + units + best.units[(index + 1)...], steps: 300, limit: bytes + 1,
          target: bytes, alignments: [best.alignment])
        if next.arenaBytes <= bytes {
          best = next
          break
        }
      }
    }
    return best
  }

  /// What takes less time than a unit and might fit: the same steps in other turns, or as two units; the fastest first.
  private func faster(_ unit: PlanUnit, within bytes: Int) -> [[PlanUnit]] {
    let delay = costs.cost(unit).delay
    var found: [(units: [PlanUnit], delay: Double)] = []
    for chunk in RowChunk.choices {
      let other = PlanUnit(steps: unit.steps, chunk: chunk, overlays: unit.overlays)
      let cost = costs.cost(other)
      if cost.delay < delay, (unit.overlays ? cost.overlaidBytes : cost.bytes) <= bytes {
        found.append(([other], cost.delay))
      }
    }
    let stride = max(1, unit.steps.count / 24)
    for middle in Swift.stride(from: unit.steps.lowerBound + 1, to: unit.steps.upperBound, by: stride) {
      guard let first = segmentation.fastestUnit(unit.steps.lowerBound..<middle, within: bytes),
        costs.cost(first).delay < delay,
        let second = segmentation.fastestUnit(middle..<unit.steps.upperBound, within: bytes)
      else { continue }
      let both = costs.cost(first).delay + costs.cost(second).delay
      if both < delay { found.append(([first, second], both)) }
    }
    return found.enumerated().sorted { ($0.element.delay, $0.offset) < ($1.element.delay, $1.offset) }
      .map(\.element.units)
  }
}
