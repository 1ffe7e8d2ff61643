/// Cuts a network into units: single steps with whole tensors, and groups that advance by rows.
struct Segmentation {
  let costs: UnitCosts
  /// Whether the model of places lets what is written over something lie lower than it must. Cuts that do without are
  /// fewer and easier to place.
  private let movesFollowers: Bool
  private let stepCount: Int
  private let largestUseful: Int

  init(_ costs: UnitCosts, movesFollowers: Bool) {
    self.costs = costs
    self.movesFollowers = movesFollowers
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
  /// - Parameters:
  ///   - limit: nanoseconds longer than whole tensors beyond which a cut is of no use.
  ///   - followsPlaces: whether to do so; without, a cut may ask for more than any placement can give.
  ///   - margins: bytes that each step's unit must leave free; empty for none.
  func fastest(
    within bytes: Int, delay limit: Double = .infinity, followsPlaces: Bool = true, margins: [Int] = []
  ) -> [PlanUnit]? {
    // Most groups need not be known where a fast cut is found.
    var most = costs.wholeTime / 100
    while most < min(limit, costs.wholeTime), stepCount > 32 {
      if let units = cut(within: bytes, delay: most, followsPlaces, margins) { return units }
      most *= 4
    }
    return cut(within: bytes, delay: limit, followsPlaces, margins)
  }

  private func cut(within bytes: Int, delay limit: Double, _ followsPlaces: Bool, _ margins: [Int]) -> [PlanUnit]? {
    let places: [ArenaPlace?] = followsPlaces ? costs.places(ofInputWithin: bytes) : [nil]
    let beginningLimit = followsPlaces ? Segmentation.beginningLimit : 1
    var best = [places.map { Beginning(delay: 0, place: $0) }]
    for end in 1..<stepCount + 1 {
      var found: [Beginning] = []
      var margin = 0
      // Nothing slower than those found is kept.
      var most = limit
      for first in (max(0, end - UnitCosts.groupLimit)..<end).reversed() {
        if !margins.isEmpty { margin = max(margin, margins[first]) }
        if let fastest = best[first].first {
          let units = choices(first..<end, within: bytes - margin, delay: most - fastest.delay)
          for (unit, cost) in units {
            for (index, before) in best[first].enumerated() where before.delay + cost.delay <= limit {
              let next = Beginning(delay: before.delay + cost.delay, place: nil, unit: unit, before: index)
              if !followsPlaces {
                Segmentation.keep(next, in: &found)
              } else if Segmentation.isWorthwhile(next.delay, found) {
                let places = costs.places(
                  after: unit, cost, from: before.place, within: bytes, movesFollowers: movesFollowers)
                for place in places {
                  var placed = next
                  placed.place = place
                  Segmentation.keep(placed, in: &found)
                }
              }
            }
          }
        }
        if found.count == beginningLimit { most = min(limit, found[beginningLimit - 1].delay) }
        if isHopeless(first..<end, within: bytes, delay: most) { break }
      }
      best.append(found)
    }
    guard var last = best[stepCount].first else { return nil }
    var units: [PlanUnit] = []
    while let unit = last.unit {
      units.append(unit)
      last = best[unit.steps.lowerBound][last.before]
    }
    return units.reversed()
  }

  /// Most beginnings of one length that are followed.
  private static let beginningLimit = 12

  private static func isWorthwhile(_ delay: Double, _ found: [Beginning]) -> Bool {
    found.count < beginningLimit || delay < found[found.count - 1].delay
  }

  /// Keeps the fastest beginning for each place, the fastest first; of those as fast, the one that came first.
  private static func keep(_ next: Beginning, in found: inout [Beginning]) {
    guard isWorthwhile(next.delay, found) else { return }
    if let same = found.firstIndex(where: { $0.place == next.place }) {
      if found[same].delay <= next.delay { return }
      found.remove(at: same)
    } else if found.count == beginningLimit {
      found.removeLast()
    }
    var place = found.count
    while place > 0, found[place - 1].delay > next.delay { place -= 1 }
    found.insert(next, at: place)
  }

  /// The cut with the smallest largest unit among those that the model of time thinks no slower than whole tensors by
  /// more than `delay` nanoseconds, and how many bytes that unit may have.
  /// - Parameters:
  ///   - isFromAbove: whether to begin with many bytes, which takes longer and may end elsewhere.
  ///   - followsPlaces: as of `fastest`; without, no plan of another cut takes fewer bytes.
  func smallest(
    delay limit: Double, isFromAbove: Bool = false, followsPlaces: Bool = true
  ) -> (units: [PlanUnit], bytes: Int)? {
    narrowed(isFromAbove: isFromAbove) { fastest(within: $0, delay: limit, followsPlaces: followsPlaces) }
  }

  /// The last result of `plan` that is not nil while the bytes allowed shrink by bisection, and those bytes, to 1/2048.
  private func narrowed(isFromAbove: Bool, _ plan: (Int) -> [PlanUnit]?) -> (units: [PlanUnit], bytes: Int)? {
    // From few bytes upward, only units that fit must be known. Tensors at fixed places may need more than the largest.
    var (low, high) = (0, isFromAbove ? 2 * largestUseful : max(1, largestUseful / 16))
    var found = plan(high)
    while found == nil, high < 2 * largestUseful {
      low = high + 1
      high = min(2 * largestUseful, 2 * high)
      found = plan(high)
    }
    guard var best = found else { return nil }
    if !isFromAbove { high = min(high, max(low, peakBytes(best))) }
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

  /// Whether the rings of a group alone, with the fewest rows a turn, exceed `bytes`, or its turns take too long with the
  /// most: longer groups do, too.
  private func isHopeless(_ steps: Range<Int>, within bytes: Int, delay limit: Double) -> Bool {
    guard steps.count > 1 else { return false }
    if costs.leastBytes(steps) > bytes { return true }
    if limit < .infinity, (0..<RowChunk.coarse).allSatisfy({ costs.leastDelay(steps, choice: $0) > limit }) {
      return true
    }
    return costs.leastDelay(steps, choice: 0) <= limit && costs.figures(steps, choice: 0).ownBytes > bytes
  }

  /// The fastest way to run steps as one unit in at most `bytes`.
  func fastestUnit(_ steps: Range<Int>, within bytes: Int) -> PlanUnit? {
    choices(steps, within: bytes, delay: .infinity).min { $0.1.delay < $1.1.delay }?.0
  }

  /// The ways to run steps as one unit in at most `bytes`: whole, or by rows; over what it reads where it must.
  private func choices(_ steps: Range<Int>, within bytes: Int, delay limit: Double) -> [(PlanUnit, UnitCosts.Cost)] {
    var found: [(choice: Int, overlays: Bool, delay: Double)] = []
    func consider(_ choice: Int) -> Bool {
      let isWhole = choice == RowChunk.choices.count
      if !isWhole, costs.leastDelay(steps, choice: choice) > limit { return true }
      let figures = costs.figures(steps, choice: choice)
      let overlays = figures.bytes > bytes
      guard !overlays || figures.overlaidBytes <= bytes else { return false }
      // Of those that lie apart, the fastest.
      if !overlays, let last = found.last, !last.overlays {
        if figures.delay < last.delay { found[found.count - 1] = (choice, false, figures.delay) }
      } else {
        found.append((choice, overlays, figures.delay))
      }
      return true
    }
    if steps.count > 1, costs.leastBytes(steps) > bytes { return [] }
    if steps.count > 1 || !consider(RowChunk.choices.count) {
      for choice in 0..<RowChunk.onDemand where !consider(choice) { break }
      for choice in RowChunk.onDemand..<RowChunk.coarse where steps.count > 1 && !consider(choice) { break }
    }
    return found.map { choice, overlays, _ in
      let chunk = choice < RowChunk.choices.count ? RowChunk.choices[choice] : nil
      return (PlanUnit(steps: steps, chunk: chunk, overlays: overlays), costs.cost(steps, choice: choice))
    }
  }
}
