/// Branch and bound over the orders in which blocks lie from the bottom of the arena upward.
///
/// In a smallest plan whose blocks are all pushed down, each block rests on the bottom or on blocks that lie lower and
/// are alive with it. So placing blocks by rising offset, each on the highest one below it, reaches a smallest plan. A
/// branch ends when at some operator the height reached and the blocks still to come exceed the best plan known.
struct ExactPlacement {
  private let blocks: [ArenaBlock]
  private var height: [Int]  // for each operator, the end of what is placed
  private var toCome: [Int]  // for each operator, bytes of the blocks not yet placed
  private var isPlaced: [Bool]
  private var offsets: [Int]
  private var nodesLeft: Int
  private(set) var bestOffsets: [Int]
  private(set) var bestBytes: Int

  init(_ blocks: [ArenaBlock], better than: (offsets: [Int], bytes: Int), nodes: Int) {
    let times = (blocks.map(\.last).max() ?? -1) + 1
    self.blocks = blocks
    height = Array(repeating: 0, count: times)
    toCome = Array(repeating: 0, count: times)
    isPlaced = Array(repeating: false, count: blocks.count)
    offsets = Array(repeating: 0, count: blocks.count)
    nodesLeft = nodes
    bestOffsets = than.offsets
    bestBytes = than.bytes
    for block in blocks {
      for time in block.first...block.last { toCome[time] += block.bytes }
    }
  }

  /// Searches until every order is decided, a plan of `enough` bytes is found, or the nodes are used up.
  /// - Returns: whether the best plan is proven smallest.
  mutating func search(enough: Int) -> Bool {
    descend(placed: 0, reached: 0, lastOffset: 0, lastIndex: -1, enough: enough)
    return bestBytes <= enough || nodesLeft > 0
  }

  private mutating func descend(placed: Int, reached: Int, lastOffset: Int, lastIndex: Int, enough: Int) {
    if placed == blocks.count {
      bestBytes = reached
      bestOffsets = offsets
      return
    }
    for (offset, index) in candidates(lastOffset: lastOffset, lastIndex: lastIndex) {
      guard nodesLeft > 0, bestBytes > enough else { return }
      nodesLeft -= 1
      let block = blocks[index]
      let newReached = max(reached, offset + block.bytes + block.slackBytes)
      guard newReached < bestBytes else { continue }
      let saved = Array(height[block.first...block.last])
      var isPromising = true
      for time in block.first...block.last {
        height[time] = offset + block.bytes
        toCome[time] -= block.bytes
        isPromising = isPromising && height[time] + toCome[time] < bestBytes
      }
      if isPromising {
        isPlaced[index] = true
        offsets[index] = offset
        descend(
          placed: placed + 1, reached: newReached, lastOffset: offset, lastIndex: index, enough: enough)
        isPlaced[index] = false
      }
      for time in block.first...block.last {
        height[time] = saved[time - block.first]
        toCome[time] += block.bytes
      }
    }
  }

  /// Blocks that may come next, lowest and largest first. One is left out when another one fits wholly below it, as
  /// that other one would then lie there.
  private func candidates(lastOffset: Int, lastIndex: Int) -> [(offset: Int, index: Int)] {
    var lowestTop = Int.max
    var found: [(offset: Int, index: Int)] = []
    for (index, block) in blocks.enumerated() where !isPlaced[index] {
      var floor = 0
      for time in block.first...block.last { floor = max(floor, height[time]) }
      let offset = block.aligned(floor)
      lowestTop = min(lowestTop, offset + block.bytes)
      if (offset, index) > (lastOffset, lastIndex) { found.append((offset, index)) }
    }
    return found.filter { $0.offset < lowestTop }.sorted {
      ($0.offset, -blocks[$0.index].bytes, $0.index) < ($1.offset, -blocks[$1.index].bytes, $1.index)
    }
  }
}
