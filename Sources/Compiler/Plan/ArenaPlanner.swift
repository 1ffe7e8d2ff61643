/// Gives every buffer an offset so that buffers that are alive together never overlap, in as few bytes as it can find.
///
/// Greedy best fit in several orders, then, unless that reaches the largest live set, an exact search (see
/// `ExactPlacement`). The search is bounded by a count of nodes, not by time, so the plan is always the same.
/// - Parameter searchNodes: how many placements the exact search may try; 0 leaves it out.
public func planArena(_ buffers: [ArenaBuffer], searchNodes: Int = 100_000) -> ArenaPlan {
  if buffers.contains(where: { $0.follows != nil }) { return RigidPlacement(buffers).plan() }
  var best: ArenaPlan?
  for overwriting in [true, false] {
    let plan = plan(arenaBlocks(of: buffers, overwriting: overwriting), count: buffers.count, searchNodes: searchNodes)
    if best.map({ plan.arenaBytes < $0.arenaBytes }) ?? true {
      best = plan
    }
    if plan.isProvenSmallest { break }
  }
  guard let best, !best.isProvenSmallest, searchNodes > 0 else { return best! }
  var rigid = RigidPlacement(buffers).plan()
  (rigid.lowerBoundBytes, rigid.peakOperator) = (best.lowerBoundBytes, best.peakOperator)
  return rigid.arenaBytes < best.arenaBytes ? rigid : best
}

private func plan(_ blocks: [ArenaBlock], count: Int, searchNodes: Int) -> ArenaPlan {
  let bound = largestLiveSet(blocks)
  var placement = GreedyPlacement(blocks: blocks).best()
  var isSmallest = placement.bytes <= bound.withSlack
  if !isSmallest, searchNodes > 0 {
    var search = ExactPlacement(blocks, better: placement, nodes: searchNodes)
    isSmallest = search.search(enough: bound.withSlack)
    placement = (search.bestOffsets, search.bestBytes)
  }
  var offsets = [Int](repeating: 0, count: count)
  for (block, offset) in zip(blocks, placement.offsets) {
    for member in block.members { offsets[member] = offset }
  }
  return ArenaPlan(
    offsets: offsets, arenaBytes: placement.bytes, lowerBoundBytes: bound.bytes, peakOperator: bound.time,
    isProvenSmallest: isSmallest)
}
