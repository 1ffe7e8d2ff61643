/// Cuts a network into units: single steps with whole tensors, and groups that advance by rows.
struct Segmentation {
  let costs: UnitCosts
  private let stepCount: Int
  private let largestUseful: Int

  init(_ costs: UnitCosts) {
    self.costs = costs
    stepCount = costs.network.steps.count
    largestUseful = (0..<stepCount).map { costs.cost(PlanUnit(steps: $0..<$0 + 1, chunk: nil)).bytes }.max() ?? 0
  }

  /// Every step whole.
  var whole: [PlanUnit] { (0..<stepCount).map { PlanUnit(steps: $0..<$0 + 1, chunk: nil) } }

  /// The bytes of a plan's largest unit.
  func peakBytes(_ units: [PlanUnit]) -> Int {
    units.map { $0.overlays ? costs.cost($0).overlaidBytes : costs.cost($0).bytes }.max() ?? 0
  }

  /// Estimated nanoseconds that a plan takes longer than whole tensors.
  func delay(_ units: [PlanUnit]) -> Double { units.reduce(0) { $0 + costs.cost($1).delay } }

  /// A cut of the first steps: what it costs, and where the tensor that it wrote last lies.
  private struct Beginning {
    var delay: Double
    var place: ArenaPlace?
    var unit: PlanUnit?
    /// Which of the beginnings before the unit.
    var before = 0
  }

  /// The fastest cut whose units need at most `bytes` each, or nil when there is none.
  ///
  /// Where a unit writes over what it reads, the written tensor begins somewhat lower; several such units in a row need
  /// room to move down. So a few beginnings of each length are followed, with different places of the tensor written last.
  /// - Parameter followsPlaces: whether to do so; without, a cut may ask for more than any placement can give.
  func fastest(within bytes: Int, followsPlaces: Bool = true) -> [PlanUnit]? {
    let places: [ArenaPlace?] = followsPlaces ? costs.places(ofInputWithin: bytes) : [nil]
    var best = [places.map { Beginning(delay: 0, place: $0) }]
    for end in 1..<stepCount + 1 {
      var found: [Beginning] = []
      for first in (max(0, end - UnitCosts.groupLimit)..<end).reversed() {
        if !best[first].isEmpty {
          for (unit, cost) in choices(first..<end, within: bytes) {
            for (index, before) in best[first].enumerated() {
              let places = followsPlaces ? costs.places(after: unit, cost, from: before.place, within: bytes) : [nil]
              for place in places {
                found.append(Beginning(delay: before.delay + cost.delay, place: place, unit: unit, before: index))
              }
            }
          }
        }
        if isHopeless(first..<end, within: bytes) { break }
      }
      best.append(Segmentation.fewest(found))
    }
    guard var last = best[stepCount].first else { return nil }
    var units: [PlanUnit] = []
    while let unit = last.unit {
      units.append(unit)
      last = best[unit.steps.lowerBound][last.before]
    }
    return units.reversed()
  }

  /// The fastest beginning for each place, at most twelve, the fastest first.
  private static func fewest(_ found: [Beginning]) -> [Beginning] {
    var kept: [Beginning] = []
    for (_, next) in found.enumerated().sorted(by: { ($0.element.delay, $0.offset) < ($1.element.delay, $1.offset) }) {
      if kept.count < 12, !kept.contains(where: { $0.place == next.place }) { kept.append(next) }
    }
    return kept
  }

  /// The cut with the smallest largest unit among those that the model of time thinks no slower than whole tensors by
  /// more than `delay` nanoseconds, and how many bytes that unit may have.
  func smallest(delay limit: Double) -> (units: [PlanUnit], bytes: Int)? {
    narrowed { fastest(within: $0, delay: limit) }
  }

  /// As `fastest`, or nil when that takes more than `delay` nanoseconds longer than whole tensors.
  func fastest(within bytes: Int, delay limit: Double, followsPlaces: Bool = true) -> [PlanUnit]? {
    fastest(within: bytes, followsPlaces: followsPlaces).flatMap { delay($0) <= limit ? $0 : nil }
  }

  /// The last result of `plan` that is not nil while the bytes allowed shrink by bisection, and those bytes, to 1/2048.
  private func narrowed(_ plan: (Int) -> [PlanUnit]?) -> (units: [PlanUnit], bytes: Int)? {
    // Tensors at fixed places may need more than the largest unit.
    var high = 2 * largestUseful
    guard var best = plan(high) else { return nil }
    var low = 0
    while low + high / 2048 < high {
      let middle = low + (high - low) / 2
      if let found = plan(middle) {
        best = found
        high = max(low, min(middle, peakBytes(found)))
      } else {
        low = middle + 1
      }
    }
    return (best, high)
  }

  /// Whether the rings of a group alone, with the fewest rows a turn, exceed `bytes`: longer groups do, too.
  private func isHopeless(_ steps: Range<Int>, within bytes: Int) -> Bool {
    steps.count > 1 && costs.cost(steps, choice: 0).ownBytes > bytes
  }

  /// The ways to run steps as one unit in at most `bytes`: whole, or by rows; over what it reads where it must.
  private func choices(_ steps: Range<Int>, within bytes: Int) -> [(PlanUnit, UnitCosts.Cost)] {
    var found: [(PlanUnit, UnitCosts.Cost)] = []
    func consider(_ choice: Int) -> Bool {
      let cost = costs.cost(steps, choice: choice)
      let overlays = cost.bytes > bytes
      guard !overlays || cost.overlaidBytes <= bytes else { return false }
      let chunk = choice < RowChunk.choices.count ? RowChunk.choices[choice] : nil
      let unit = PlanUnit(steps: steps, chunk: chunk, overlays: overlays)
      // Of those that lie apart, the fastest.
      if !overlays, let last = found.last, !last.0.overlays {
        if cost.delay < last.1.delay { found[found.count - 1] = (unit, cost) }
      } else {
        found.append((unit, cost))
      }
      return true
    }
    if steps.count == 1, consider(RowChunk.choices.count) { return found }
    for choice in 0..<RowChunk.onDemand where !consider(choice) { break }
    for choice in RowChunk.onDemand..<RowChunk.choices.count where steps.count > 1 && !consider(choice) { break }
    return found
  }
}
