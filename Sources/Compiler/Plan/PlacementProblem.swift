/// What the places of buffers must keep to, in flat memory: items, each of one place, and which places two of them exclude.
///
/// Buffers that share their bytes are one item: aliases, and a result with the operand that it is written over where
/// `overwriting`. Two items exclude places when members of theirs are alive together. A buffer that follows another one may
/// lie anywhere but where its rows would be written over rows still to be read: not above its distance, unless past the end.
/// Or it lies at a place that `Joining` fixes: one item with what it follows, easier to place but not always the smallest.
struct PlacementProblem {
  /// Where a buffer lies from the one that it follows.
  enum Joining {
    /// Anywhere that its distance allows.
    case free
    /// As high as its distance allows.
    case highest
    /// As near to that as the two together need the fewest bytes.
    case tightest
  }

  struct Item {
    var bytes = 0
    var alignment = 1
    var slackBytes = 0
    /// The place in the order of time, and for how long.
    var first = Int.max
    var last = 0
    /// Buffers, and where they begin from the item's place.
    var members: [(buffer: Int, offset: Int)] = []

    /// Where the arena must end at the least when the item lies at `base`.
    func end(at base: Int) -> Int { base + bytes + slackBytes }
  }

  /// An item must not lie in the open interval from `low` to `high`, from another one's place.
  struct Exclusion {
    var other: Int
    var low: Int
    var high: Int
  }

  private(set) var items: [Item] = []
  /// Of all items one after the other; those of item i from `firstExclusion[i]`.
  private(set) var exclusions: [Exclusion] = []
  private(set) var firstExclusion = [0]
  private(set) var bound: (bytes: Int, withSlack: Int, time: Int) = (0, 0, 0)

  /// The items `chosen` alone, with the numbers 0, 1, 2, …; no bound.
  init(_ problem: PlacementProblem, only chosen: [Int]) {
    var numbers = [Int](repeating: -1, count: problem.items.count)
    for (number, item) in chosen.enumerated() { numbers[item] = number }
    items = chosen.map { problem.items[$0] }
    for item in chosen {
      for index in problem.firstExclusion[item]..<problem.firstExclusion[item + 1] {
        var exclusion = problem.exclusions[index]
        exclusion.other = numbers[exclusion.other]
        if exclusion.other >= 0 { exclusions.append(exclusion) }
      }
      firstExclusion.append(exclusions.count)
    }
  }

  init(_ buffers: [ArenaBuffer], overwriting: Bool = true, joining: Joining = .free) {
    let places = makeItems(buffers, overwriting: overwriting, joining: joining)
    let itemOfBuffer = places.map(\.item)
    var found = Array(repeating: [Exclusion](), count: items.count)
    for (a, first) in buffers.enumerated() where first.bytes > 0 {
      for (b, second) in buffers.enumerated() where b > a && second.bytes > 0 && itemOfBuffer[a] != itemOfBuffer[b] {
        guard first.firstOperator <= second.lastOperator, second.firstOperator <= first.lastOperator else { continue }
        var (low, high) = (-second.bytes, first.bytes)
        if let follows = second.follows, follows.buffer == a { low = max(low, follows.distance) }
        if let follows = first.follows, follows.buffer == b { high = min(high, -follows.distance) }
        guard low < high else { continue }
        low += places[a].offset - places[b].offset
        high += places[a].offset - places[b].offset
        found[itemOfBuffer[b]].append(Exclusion(other: itemOfBuffer[a], low: low, high: high))
        found[itemOfBuffer[a]].append(Exclusion(other: itemOfBuffer[b], low: -high, high: -low))
      }
    }
    for list in found {
      exclusions += list
      firstExclusion.append(exclusions.count)
    }
    bound = lowerBound(buffers, itemOfBuffer)
  }

  /// Where each buffer belongs, and where in the item it begins; item −1: nowhere.
  private mutating func makeItems(
    _ buffers: [ArenaBuffer], overwriting: Bool, joining: Joining
  ) -> [(item: Int, offset: Int)] {
    var home = buffers.indices.map { (buffer: $0, offset: 0) }
    func join(_ index: Int, at distance: Int, from other: Int) {
      let (moved, kept) = (home[index].buffer, home[other].buffer)
      guard moved != kept else { return }
      let shift = home[other].offset + distance - home[index].offset
      for member in home.indices where home[member].buffer == moved {
        home[member] = (kept, home[member].offset + shift)
      }
    }
    for (index, buffer) in buffers.enumerated() {
      if joining != .free, let follows = buffer.follows {
        let highest = max(follows.distance, -buffer.bytes)
        let tightest = min(highest, max(0, buffers[follows.buffer].bytes - buffer.bytes))
        join(
          index, at: (joining == .highest ? highest : tightest) & ~(buffer.alignment - 1), from: follows.buffer)
      }
      if let alias = buffer.alias { join(index, at: 0, from: alias) }
    }
    let order = buffers.indices.sorted { (buffers[$0].firstOperator, $0) < (buffers[$1].firstOperator, $1) }
    for index in order where overwriting && buffers[index].follows == nil {
      let own = buffers[index]
      let fitting = own.mayOverwrite.first { operand in
        buffers[operand].bytes == own.bytes && home[operand].buffer != home[index].buffer
          && buffers.indices.allSatisfy {
            home[$0].buffer != home[operand].buffer || buffers[$0].lastOperator <= own.firstOperator
          }
      }
      if let fitting { join(index, at: 0, from: fitting) }
    }
    var lowest: [Int: Int] = [:]
    for (place, buffer) in zip(home, buffers) where buffer.bytes > 0 {
      lowest[place.buffer] = min(lowest[place.buffer] ?? Int.max, place.offset)
    }
    var itemOfHome: [Int: Int] = [:]
    return buffers.indices.map { index in
      guard buffers[index].bytes > 0 else { return (-1, 0) }
      let number = itemOfHome[home[index].buffer] ?? items.count
      if number == items.count {
        items.append(Item())
        itemOfHome[home[index].buffer] = number
      }
      let offset = home[index].offset - lowest[home[index].buffer]!
      items[number].add(index, at: offset, buffers[index])
      return (number, offset)
    }
  }

  /// The largest number of bytes alive together, where a pair that overlaps counts once what it has at the least, or what
  /// a chain of followers needs.
  private func lowerBound(_ buffers: [ArenaBuffer], _ itemOfBuffer: [Int]) -> (bytes: Int, withSlack: Int, time: Int) {
    var largest = (bytes: 0, withSlack: 0, time: 0)
    var live: [Int: Int] = [:]
    var isCounted = [Bool](repeating: false, count: items.count)
    for time in Set(buffers.map(\.firstOperator)).sorted() {
      for item in items.indices { isCounted[item] = false }
      var (bytes, slack) = (0, Int.max)
      for (index, buffer) in buffers.enumerated()
      where buffer.bytes > 0 && buffer.firstOperator <= time && time <= buffer.lastOperator {
        slack = min(slack, buffer.slackBytes)
        if let follows = buffer.follows, buffers[follows.buffer].lastOperator >= time {
          bytes -= savedBytes(read: buffers[follows.buffer].bytes, written: buffer.bytes, distance: follows.distance)
        }
        if isCounted[itemOfBuffer[index]] { continue }
        isCounted[itemOfBuffer[index]] = true
        bytes += buffer.bytes
      }
      if bytes > largest.bytes { (largest.bytes, largest.time) = (bytes, time) }
      largest.withSlack = max(largest.withSlack, bytes + (slack == Int.max ? 0 : slack))
      live[time] = bytes
    }
    let chains = FollowerChains(buffers, itemOfBuffer: itemOfBuffer, live: live)
    largest.bytes = chains.lowerBound(from: largest.bytes, withSlack: false)
    largest.withSlack = chains.lowerBound(from: largest.withSlack, withSlack: true)
    return largest
  }
}

extension PlacementProblem.Item {
  fileprivate mutating func add(_ index: Int, at offset: Int, _ buffer: ArenaBuffer) {
    bytes = max(bytes, offset + buffer.bytes)
    alignment = max(alignment, buffer.alignment)
    slackBytes = max(slackBytes, buffer.slackBytes)
    first = min(first, buffer.firstOperator)
    last = max(last, buffer.lastOperator)
    members.append((index, offset))
  }
}

/// Bytes that a tensor saves which is written over one that is read, when it begins at most `distance` after it.
func savedBytes(read: Int, written: Int, distance: Int) -> Int {
  read + written - max(read, written, read - max(distance, -written))
}
