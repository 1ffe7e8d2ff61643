/// Proves that places in few bytes do not exist.
///
/// In an arena of a given size every item has a lowest and a highest place. Two items that exclude places lie one way round
/// or the other; where their ranges leave only one of these, both ranges shrink, and so on through all items, as in
/// scheduling on one machine (Carlier and Pinson 1989, "An algorithm for solving the job-shop problem", section 3). When
/// neither is left, the arena is too small.
extension PlacementProblem {
  /// Fewer bytes than this no places take.
  /// - Parameters:
  ///   - least: fewer are known to be too few.
  ///   - withSlack: whether the bytes after an item that kernels may read have to be in the arena.
  func provenBound(from least: Int, withSlack: Bool) -> Int {
    guard isTooSmall(least, withSlack: withSlack) else { return least }
    var step = max(1, least / 64)
    var low = least + 1
    while isTooSmall(low + step, withSlack: withSlack) {
      low += step + 1
      step *= 2
    }
    var high = low + step
    while low < high {
      let middle = low + (high - low) / 2
      if isTooSmall(middle, withSlack: withSlack) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether it is proved that no places are within `bytes`; false means nothing.
  private func isTooSmall(_ bytes: Int, withSlack: Bool) -> Bool {
    var lowest = [Int](repeating: 0, count: items.count)
    var highest = items.map { bytes - $0.bytes - (withSlack ? $0.slackBytes : 0) }
    if highest.contains(where: { $0 < 0 }) { return true }
    var isOpen = [Bool](repeating: true, count: items.count)
    var open = Array(items.indices.reversed())
    // Far more turns than ranges that still shrink in earnest take.
    var turns = 64 * items.count
    while let item = open.popLast(), turns > 0 {
      isOpen[item] = false
      turns -= 1
      for exclusion in exclusions[firstExclusion[item]..<firstExclusion[item + 1]] {
        // The other one lies at least `high` below the item, or at least −`low` above it.
        let other = exclusion.other
        let isBelow = highest[item] >= lowest[other] + exclusion.high
        let isAbove = lowest[item] <= highest[other] + exclusion.low
        if !isBelow, !isAbove { return true }
        if isBelow, isAbove { continue }
        let range = isBelow ? (0, highest[item] - exclusion.high) : (lowest[item] - exclusion.low, Int.max)
        if range.0 <= lowest[other], range.1 >= highest[other] { continue }
        lowest[other] = max(lowest[other], range.0)
        highest[other] = min(highest[other], range.1)
        if lowest[other] > highest[other] { return true }
        if !isOpen[other] {
          isOpen[other] = true
          open.append(other)
        }
      }
    }
    return false
  }
}
