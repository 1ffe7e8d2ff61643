/// Cuts a network into units: single steps with whole tensors, and groups that advance by rows.
struct Segmentation {
  let costs: UnitCosts
  private let stepCount: Int
  private let largestUseful: Int

  init(_ costs: UnitCosts) {
    self.costs = costs
    stepCount = costs.network.steps.count
    largestUseful = (0..<stepCount).map { costs.cost(PlanUnit(steps: $0..<$0 + 1, pixels: nil)).bytes }.max() ?? 0
  }

  /// Every step whole.
  var whole: [PlanUnit] { (0..<stepCount).map { PlanUnit(steps: $0..<$0 + 1, pixels: nil) } }

  /// The bytes of a plan's largest unit.
  func peakBytes(_ units: [PlanUnit]) -> Int {
    units.map { $0.overlays ? costs.cost($0).overlaidBytes : costs.cost($0).bytes }.max() ?? 0
  }

  /// Estimated nanoseconds that a plan takes longer than whole tensors.
  func delay(_ units: [PlanUnit]) -> Double { units.reduce(0) { $0 + costs.cost($1).delay } }

  /// The fastest cut whose units need at most `bytes` each, or nil when there is none.
  func fastest(within bytes: Int) -> [PlanUnit]? {
    var best: [(delay: Double, unit: PlanUnit?)?] = [(0, nil)]
    for end in 1...max(1, stepCount) {
      var found: (delay: Double, unit: PlanUnit?)?
      guard end <= stepCount else { break }
      for first in (max(0, end - UnitCosts.groupLimit)..<end).reversed() {
        guard let before = best[first] else {
          if isHopeless(first..<end, within: bytes) { break }
          continue
        }
        if let (unit, delay) = fastestUnit(first..<end, within: bytes),
          found.map({ before.delay + delay < $0.delay }) ?? true
        {
          found = (before.delay + delay, unit)
        }
        if isHopeless(first..<end, within: bytes) { break }
      }
      best.append(found)
    }
    guard best[stepCount] != nil else { return nil }
    var units: [PlanUnit] = []
    var end = stepCount
    while end > 0, let unit = best[end]?.unit {
      units.append(unit)
      end = unit.steps.lowerBound
    }
    return units.reversed()
  }

  /// The cut with the smallest largest unit.
  func smallest() -> [PlanUnit] { narrowed { fastest(within: $0) } ?? whole }

  /// The smallest cut that the model of time thinks no slower than whole tensors by more than `tolerance` of their time.
  func smallestWithoutDelay(tolerance: Double) -> [PlanUnit] {
    let limit = costs.wholeTime * tolerance
    return narrowed { bytes in fastest(within: bytes).flatMap { delay($0) <= limit ? $0 : nil } } ?? whole
  }

  /// The last result of `plan` that is not nil while the bytes allowed shrink by bisection.
  private func narrowed(_ plan: (Int) -> [PlanUnit]?) -> [PlanUnit]? {
    guard var best = plan(largestUseful) else { return nil }
    var high = peakBytes(best)
    var low = 0
    while low < high {
      let middle = low + (high - low) / 2
      if let found = plan(middle) {
        best = found
        high = min(middle, peakBytes(found))
      } else {
        low = middle + 1
      }
    }
    return best
  }

  /// Whether the rings of a group alone, with the fewest rows a turn, exceed `bytes`: longer groups do, too.
  private func isHopeless(_ steps: Range<Int>, within bytes: Int) -> Bool {
    steps.count > 1 && costs.cost(PlanUnit(steps: steps, pixels: UnitCosts.pixelChoices[0])).ownBytes > bytes
  }

  private func fastestUnit(_ steps: Range<Int>, within bytes: Int) -> (PlanUnit, Double)? {
    var best: (unit: PlanUnit, delay: Double)?
    func consider(_ pixels: Int?) -> Bool {
      var unit = PlanUnit(steps: steps, pixels: pixels)
      let cost = costs.cost(unit)
      unit.overlays = cost.bytes > bytes
      guard !unit.overlays || cost.overlaidBytes <= bytes else { return false }
      if best.map({ cost.delay < $0.delay }) ?? true { best = (unit, cost.delay) }
      return true
    }
    if steps.count == 1, consider(nil) { return best }
    for pixels in UnitCosts.pixelChoices where !consider(pixels) { break }
    return best
  }
}
