/// Places blocks one after the other, each into the smallest hole between the ones placed before that are alive with it.
struct GreedyPlacement {
  let blocks: [ArenaBlock]

  /// The best of several orders: offsets in the order of `blocks`, and the bytes they need.
  func best() -> (offsets: [Int], bytes: Int) {
    let orders: [(ArenaBlock) -> (Int, Int)] = [
      { (-$0.bytes, $0.first) },
      { (-$0.bytes * ($0.last - $0.first + 1), $0.first) },
      { (-($0.last - $0.first), -$0.bytes) },
      { ($0.first, -$0.bytes) },
    ]
    var best: (offsets: [Int], bytes: Int)?
    for key in orders {
      let order = blocks.indices.sorted {
        let (a, b) = (key(blocks[$0]), key(blocks[$1]))
        return (a.0, a.1, $0) < (b.0, b.1, $1)
      }
      for prefersSmallestHole in [true, false] {
        let placed = place(order, prefersSmallestHole: prefersSmallestHole)
        if best.map({ placed.bytes < $0.bytes }) ?? true { best = placed }
      }
    }
    return best ?? ([], 0)
  }

  private func place(_ order: [Int], prefersSmallestHole: Bool) -> (offsets: [Int], bytes: Int) {
    var offsets = [Int](repeating: 0, count: blocks.count)
    var placed: [Int] = []  // by offset
    var arenaBytes = 0
    for index in order {
      let block = blocks[index]
      var end = 0
      var chosen: (offset: Int, room: Int)?
      for other in placed where blocks[other].overlaps(block) {
        let offset = block.aligned(end)
        let room = offsets[other] - offset
        if room >= block.bytes, chosen.map({ prefersSmallestHole && room < $0.room }) ?? true {
          chosen = (offset, room)
        }
        end = max(end, offsets[other] + blocks[other].bytes)
      }
      offsets[index] = chosen?.offset ?? block.aligned(end)
      let position = placed.firstIndex { offsets[$0] > offsets[index] } ?? placed.count
      placed.insert(index, at: position)
      arenaBytes = max(arenaBytes, offsets[index] + block.bytes + block.slackBytes)
    }
    return (offsets, arenaBytes)
  }
}
