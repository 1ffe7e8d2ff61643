/// Gives every buffer an offset so that buffers that are alive together never overlap, in as few bytes as it can find.
///
/// Greedy best fit in several orders, then, unless that reaches the largest live set, a search that changes orders
/// (`PlacementSearch`), and for few buffers an exact one (`ExactPlacement`). Searches are bounded by counts, not by time, so
/// that the plan is always the same.
/// - Parameters:
///   - buffers: sizes in bytes, and the turns in which each is alive.
///   - searchNodes: how many placements the exact search may try; 0 leaves out all searching.
///   - steps: how many changed orders may be tried.
///   - limit: a plan of so many bytes or more is of no use, so that little needs to be tried where it is far away.
///   - target: a plan of so many bytes is as good as any smaller one.
public func planArena(
  _ buffers: [ArenaBuffer], searchNodes: Int = 100_000, steps: Int = 6000, limit: Int = .max, target: Int = 0
) -> ArenaPlan {
  if buffers.contains(where: { $0.follows != nil }) {
    return planFollowers(buffers, steps: steps, limit: limit, target: target)
  }
  var best: ArenaPlan?
  for overwriting in [true, false] {
    let blocks = arenaBlocks(of: buffers, overwriting: overwriting)
    let bound = largestLiveSet(blocks)
    let placement = GreedyPlacement(blocks: blocks).best()
    var plan = ArenaPlan(
      blocks, count: buffers.count, offsets: placement.offsets, arenaBytes: placement.bytes, bound: bound,
      isProvenSmallest: placement.bytes <= bound.withSlack)
    if !plan.isProvenSmallest, searchNodes > 0, plan.arenaBytes > target {
      let problem = PlacementProblem(buffers, overwriting: overwriting)
      let found = problem.findPlaces(steps: steps, limit: limit, target: target)
      if found.bytes < plan.arenaBytes {
        (plan.offsets, plan.arenaBytes) = (problem.offsets(found.bases, count: buffers.count), found.bytes)
      }
      plan.isProvenSmallest = plan.arenaBytes <= bound.withSlack
      if !plan.isProvenSmallest, plan.arenaBytes < limit, plan.arenaBytes > target, blocks.count <= exactSearchBlocks {
        var search = ExactPlacement(
          blocks, better: (blocks.map { plan.offsets[$0.members[0]] }, plan.arenaBytes), nodes: searchNodes)
        let isSmallest = search.search(enough: bound.withSlack)
        plan = ArenaPlan(
          blocks, count: buffers.count, offsets: search.bestOffsets, arenaBytes: search.bestBytes, bound: bound,
          isProvenSmallest: isSmallest)
      }
    }
    if best.map({ plan.arenaBytes < $0.arenaBytes }) ?? true { best = plan }
    if plan.isProvenSmallest || plan.arenaBytes <= target { break }
  }
  return best!
}

/// Most blocks that the exact search is tried with: with more it hardly ever ends.
private let exactSearchBlocks = 64

/// First at fixed distances from what is followed, which is easier to place; then anywhere.
private func planFollowers(_ buffers: [ArenaBuffer], steps: Int, limit: Int, target: Int) -> ArenaPlan {
  let free = PlacementProblem(buffers)
  let enough = max(target, free.bound.withSlack)
  let bound = free.provenBound(from: free.bound.withSlack, withSlack: true)
  var plan = ArenaPlan(
    offsets: [], arenaBytes: .max, lowerBoundBytes: free.provenBound(from: free.bound.bytes, withSlack: false),
    peakOperator: free.bound.time, isProvenSmallest: false)
  for joining in [PlacementProblem.Joining.highest, .tightest, .free] where plan.arenaBytes > max(target, bound) {
    let problem = joining == .free ? free : PlacementProblem(buffers, joining: joining)
    let given = joining == .free ? free.items.map { plan.offsets[$0.members[0].buffer] } : nil
    let found = problem.findPlaces(
      steps: joining == .free ? steps : steps / 4, limit: limit, target: enough, from: given)
    if found.bytes < plan.arenaBytes {
      plan.arenaBytes = found.bytes
      plan.offsets = problem.offsets(found.bases, count: buffers.count)
    }
  }
  plan.isProvenSmallest = plan.arenaBytes <= bound
  return plan
}

extension PlacementProblem {
  /// Where each of `count` buffers lies when the items lie at `bases`; those without bytes at 0.
  fileprivate func offsets(_ bases: [Int], count: Int) -> [Int] {
    var offsets = [Int](repeating: 0, count: count)
    for (item, base) in zip(items, bases) {
      for member in item.members { offsets[member.buffer] = base + member.offset }
    }
    return offsets
  }
}

extension ArenaPlan {
  fileprivate init(
    _ blocks: [ArenaBlock], count: Int, offsets blockOffsets: [Int], arenaBytes: Int,
    bound: (bytes: Int, withSlack: Int, time: Int), isProvenSmallest: Bool
  ) {
    offsets = Array(repeating: 0, count: count)
    for (block, offset) in zip(blocks, blockOffsets) {
      for member in block.members { offsets[member] = offset }
    }
    self.arenaBytes = arenaBytes
    (lowerBoundBytes, peakOperator) = (bound.bytes, bound.time)
    self.isProvenSmallest = isProvenSmallest
  }
}
