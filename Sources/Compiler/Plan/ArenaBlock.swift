/// Buffers that share their bytes (aliases, and results written over an operand), placed as one.
struct ArenaBlock {
  var bytes: Int
  var alignment: Int
  var first: Int
  var last: Int
  var slackBytes: Int
  var members: [Int]

  func overlaps(_ other: ArenaBlock) -> Bool {
    first <= other.last && other.first <= last
  }

  /// The first offset not below `offset` that the alignment allows.
  func aligned(_ offset: Int) -> Int {
    (offset + alignment - 1) & ~(alignment - 1)
  }

  mutating func absorb(_ other: ArenaBlock) {
    alignment = max(alignment, other.alignment)
    first = min(first, other.first)
    last = max(last, other.last)
    slackBytes = max(slackBytes, other.slackBytes)
    members += other.members
  }
}

/// Joins aliases, and where `overwriting` also each result with one dying operand of its size that it may overwrite.
func arenaBlocks(of buffers: [ArenaBuffer], overwriting: Bool) -> [ArenaBlock] {
  var blocks: [ArenaBlock?] = buffers.enumerated().map { index, buffer in
    ArenaBlock(
      bytes: buffer.bytes, alignment: buffer.alignment, first: buffer.firstOperator, last: buffer.lastOperator,
      slackBytes: buffer.slackBytes, members: [index])
  }
  var home = Array(buffers.indices)
  func join(_ index: Int, into target: Int) {
    guard home[index] != home[target], let moved = blocks[home[index]] else { return }
    blocks[home[index]] = nil
    blocks[home[target]]?.absorb(moved)
    let destination = home[target]
    for member in moved.members { home[member] = destination }
  }
  for (index, buffer) in buffers.enumerated() {
    if let alias = buffer.alias { join(index, into: alias) }
  }
  if overwriting {
    let order = buffers.indices.sorted { (buffers[$0].firstOperator, $0) < (buffers[$1].firstOperator, $1) }
    for index in order {
      for operand in buffers[index].mayOverwrite {
        guard let source = blocks[home[operand]], let result = blocks[home[index]] else { continue }
        if home[operand] != home[index], source.bytes == result.bytes, source.last == result.first {
          join(index, into: operand)
          break
        }
      }
    }
  }
  return blocks.compactMap { $0 }.filter { $0.bytes > 0 }
}

/// The largest sum of live bytes over all operators, and the same with the least slack that must follow it.
func largestLiveSet(_ blocks: [ArenaBlock]) -> (bytes: Int, withSlack: Int, time: Int) {
  var largest = (bytes: 0, withSlack: 0, time: 0)
  for time in Set(blocks.map(\.first)).sorted() {
    let live = blocks.filter { $0.first <= time && time <= $0.last }
    let bytes = live.reduce(0) { $0 + $1.bytes }
    if bytes > largest.bytes { (largest.bytes, largest.time) = (bytes, time) }
    largest.withSlack = max(largest.withSlack, bytes + (live.map(\.slackBytes).min() ?? 0))
  }
  return largest
}
