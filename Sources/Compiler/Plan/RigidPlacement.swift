/// Places groups of buffers whose distances are fixed. Members of a group are alive at different times, so that a group is
/// not a rectangle in time and space: each pair of members decides for itself where they may lie.
///
/// Several orders, from the bottom and from both ends of the arena, then repeated attempts that begin with what reached
/// highest. All choices follow from the buffers alone, so that the plan is always the same.
struct RigidPlacement {
  private struct Member {
    var buffer: Int
    var offset: Int
    var bytes: Int
    var first: Int
    var last: Int
  }

  private struct Group {
    var members: [Member] = []
    var alignment = 1
    var slackBytes = 0
    var extent: Int { members.map { $0.offset + $0.bytes }.max() ?? 0 }
    var first: Int { members.map(\.first).min() ?? 0 }
    var last: Int { members.map(\.last).max() ?? 0 }
    var area: Int { members.reduce(0) { $0 + $1.bytes * ($1.last - $1.first + 1) } }
  }

  private let buffers: [ArenaBuffer]
  private let groups: [Group]

  init(_ buffers: [ArenaBuffer]) {
    self.buffers = buffers
    var place = buffers.indices.map { (group: $0, offset: 0) }
    func join(_ index: Int, at distance: Int, from other: Int) {
      let moved = place[index].group
      guard moved != place[other].group else { return }
      let shift = place[other].offset + distance - place[index].offset
      for member in place.indices where place[member].group == moved {
        place[member] = (place[other].group, place[member].offset + shift)
      }
    }
    for (index, buffer) in buffers.enumerated() {
      if let follows = buffer.follows { join(index, at: follows.distance, from: follows.buffer) }
      if let alias = buffer.alias { join(index, at: 0, from: alias) }
    }
    let order = buffers.indices.sorted { (buffers[$0].firstOperator, $0) < (buffers[$1].firstOperator, $1) }
    for index in order where buffers[index].follows == nil {
      let own = buffers[index]
      let fitting = own.mayOverwrite.first { operand in
        buffers[operand].bytes == own.bytes && place[operand].group != place[index].group
          && buffers.indices.allSatisfy { other in
            place[other].group != place[operand].group || buffers[other].lastOperator <= own.firstOperator
          }
      }
      if let fitting { join(index, at: 0, from: fitting) }
    }
    var found: [Int: Group] = [:]
    for (index, buffer) in buffers.enumerated() where buffer.bytes > 0 {
      var group = found[place[index].group] ?? Group()
      group.members.append(
        Member(
          buffer: index, offset: place[index].offset, bytes: buffer.bytes, first: buffer.firstOperator,
          last: buffer.lastOperator))
      group.alignment = max(group.alignment, buffer.alignment)
      group.slackBytes = max(group.slackBytes, buffer.slackBytes)
      found[place[index].group] = group
    }
    groups = found.sorted { $0.key < $1.key }.map { _, group in
      var group = group
      let least = group.members.map(\.offset).min() ?? 0
      for index in group.members.indices { group.members[index].offset -= least }
      return group
    }
  }

  /// The largest number of bytes that are alive together.
  private var lowerBound: (bytes: Int, time: Int) {
    let times = Set(buffers.map(\.firstOperator)).sorted()
    return times.map { time in
      let bytes = groups.reduce(0) { sum, group in
        let alive = group.members.filter { $0.first <= time && time <= $0.last }.sorted { $0.offset < $1.offset }
        var end = Int.min
        return alive.reduce(sum) { sum, member in
          let begin = max(member.offset, end)
          end = max(end, member.offset + member.bytes)
          return sum + max(0, end - begin)
        }
      }
      return (bytes, time)
    }.max { $0.0 < $1.0 } ?? (0, 0)
  }

  func plan() -> ArenaPlan {
    let (bound, peak) = lowerBound
    let slack = groups.map(\.slackBytes).max() ?? 0
    let keys: [(Group) -> (Int, Int)] = [
      { (-$0.extent, $0.first) }, { (-$0.area, $0.first) }, { ($0.first - $0.last, -$0.extent) },
      { ($0.first == $0.last ? 1 : 0, $0.first * 1_000_000 - $0.extent) },
    ]
    var best: (bases: [Int], bytes: Int)?
    func attempt(_ order: [Int], limit: Int?) -> [Int] {
      let bases = place(order, limit: limit)
      let bytes = groups.indices.map { bases[$0] + groups[$0].extent + groups[$0].slackBytes }.max() ?? 0
      if best.map({ bytes < $0.bytes }) ?? true { best = (bases, bytes) }
      return bases
    }
    for key in keys where (best?.bytes ?? Int.max) > bound + slack {
      var order = groups.indices.sorted {
        let (a, b) = (key(groups[$0]), key(groups[$1]))
        return (a.0, a.1, $0) < (b.0, b.1, $1)
      }
      _ = attempt(order, limit: nil)
      for growth in 0..<8 where (best?.bytes ?? 0) > bound + slack {
        _ = attempt(order, limit: roundedUp(bound + bound * growth / 200 + slack, to: 64))
      }
      for round in 0..<60 where (best?.bytes ?? 0) > bound + slack + bound / 400 {
        let limit = round % 2 == 0 ? nil : roundedUp(bound + bound / 200 + slack, to: 64)
        let bases = attempt(order, limit: limit)
        guard let highest = order.max(by: { bases[$0] + groups[$0].extent < bases[$1] + groups[$1].extent }),
          let position = order.firstIndex(of: highest)
        else { break }
        order.remove(at: position)
        order.insert(highest, at: position * (round % 3) / 4)
      }
    }
    var offsets = [Int](repeating: 0, count: buffers.count)
    for (group, base) in zip(groups, best?.bases ?? []) {
      for member in group.members { offsets[member.buffer] = base + member.offset }
    }
    let bytes = best?.bytes ?? 0
    return ArenaPlan(
      offsets: offsets, arenaBytes: bytes, lowerBoundBytes: bound, peakOperator: peak,
      isProvenSmallest: bytes <= bound + slack)
  }

  /// Bases in the order of `groups`. With a limit, groups that live longer than one unit go to the nearer end of the arena.
  private func place(_ order: [Int], limit: Int?) -> [Int] {
    var bases = [Int](repeating: 0, count: groups.count)
    var placed: [Int] = []
    for index in order {
      let group = groups[index]
      let forbidden = forbidden(group, placed, bases)
      var low = 0
      for range in forbidden where range.lowerBound < low && low < range.upperBound {
        low = (range.upperBound + group.alignment - 1) / group.alignment * group.alignment
      }
      bases[index] = low
      if let limit, group.first != group.last {
        let top = (limit - group.slackBytes - group.extent) / group.alignment * group.alignment
        var high = top
        for range in forbidden.sorted(by: { $0.upperBound > $1.upperBound })
        where range.lowerBound < high && high < range.upperBound {
          high = range.lowerBound >= 0 ? range.lowerBound / group.alignment * group.alignment : -1
        }
        if high >= 0, top - high < low { bases[index] = high }
      }
      placed.append(index)
    }
    return bases
  }

  /// Open ranges in which the group's base must not lie, by rising lower end.
  private func forbidden(_ group: Group, _ placed: [Int], _ bases: [Int]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for other in placed {
      for theirs in groups[other].members {
        for own in group.members where own.first <= theirs.last && theirs.first <= own.last {
          let begin = bases[other] + theirs.offset - own.offset
          ranges.append(begin - own.bytes..<begin + theirs.bytes)
        }
      }
    }
    return ranges.sorted { $0.lowerBound < $1.lowerBound }
  }
}
