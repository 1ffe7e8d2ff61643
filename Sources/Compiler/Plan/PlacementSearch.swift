import struct Graph.SplitMix64

/// Looks for places of a problem's items in as few bytes as it can.
///
/// An order of the items decides all: each goes to the lowest place that those before it leave, or to the nearer end of the
/// arena. Some plain orders come first, then orders in which what ended highest comes earlier; then the best one is
/// changed step by step: an item that ends too high moves forward in the order, or two items change places. What is somewhat
/// worse is kept at first, and less and less of it (threshold accepting, Dueck and Scheuer 1990). The numbers come from a
/// fixed seed and the steps are counted, so that the same problem always gets the same places.
struct PlacementSearch {
  private let items: [PlacementProblem.Item]
  private let exclusions: [PlacementProblem.Exclusion]
  private let firstExclusion: [Int]
  /// As many bytes are enough.
  private let enough: Int
  private var order: [Int] = []
  /// Where each item stands in `order`.
  private var rank: [Int]
  private var bases: [Int]
  private(set) var bestBases: [Int]
  private(set) var bestBytes = Int.max
  private var random = SplitMix64(seed: 1)
  private var obstacles: [(low: Int, high: Int)] = []

  init(_ problem: PlacementProblem, enough: Int) {
    (items, exclusions, firstExclusion) = (problem.items, problem.exclusions, problem.firstExclusion)
    self.enough = enough
    rank = Array(repeating: 0, count: items.count)
    bases = rank
    bestBases = rank
    if items.isEmpty { bestBytes = 0 }
  }

  /// - Parameters:
  ///   - steps: how many changed orders to try; 0: plain orders alone.
  ///   - limit: only results below it matter: the search ends early where it seems far away.
  ///   - given: places to begin with.
  mutating func search(steps: Int, limit: Int, from given: [Int]?) {
    if let given {
      bases = given
      keepIfBest()
    }
    let orders = plainOrders()
    for order in orders where bestBytes > enough { start(order) }
    guard steps > 0, bestBytes > enough, items.count > 1 else { return }
    for order in orders.prefix(4) {
      for growth in 0..<8 where bestBytes > enough {
        self.order = order
        placeFromBothEnds(within: enough + enough * growth / 200)
        start(byPlace(bases))
      }
    }
    for order in orders.prefix(4) where bestBytes > enough { raise(order, rounds: min(60, steps / 10)) }
    guard bestBytes > enough else { return }
    if limit < .max, bestBytes - bestBytes / 4 > limit { return }
    let rounds = steps >= 1000 ? 3 : 1
    for _ in 0..<rounds where bestBytes > enough {
      start(byPlace(bestBases))
      improve(steps: steps / rounds, limit: limit)
    }
  }

  private func plainOrders() -> [[Int]] {
    let keys: [(PlacementProblem.Item) -> (Int, Int)] = [
      { (-$0.bytes, $0.first) },
      { (-$0.bytes * ($0.last - $0.first + 1), $0.first) },
      { ($0.first - $0.last, -$0.bytes) },
      { ($0.first == $0.last ? 1 : 0, $0.first) },
      { ($0.first, -$0.bytes) },
      { (-$0.last, -$0.bytes) },
      { ($0.first == $0.last ? 1 : 0, -$0.first) },
    ]
    return keys.map { key in
      items.indices.sorted {
        let (a, b) = (key(items[$0]), key(items[$1]))
        return (a.0, a.1, $0) < (b.0, b.1, $1)
      }
    }
  }

  /// From the lowest item to the highest.
  private func byPlace(_ bases: [Int]) -> [Int] {
    items.indices.sorted { (bases[$0], $0) < (bases[$1], $1) }
  }

  private mutating func keepIfBest() {
    var bytes = 0
    for item in items.indices { bytes = max(bytes, items[item].end(at: bases[item])) }
    if bytes < bestBytes { (bestBytes, bestBases) = (bytes, bases) }
  }

  /// Tries an order again and again with the item in front that ended highest.
  private mutating func raise(_ first: [Int], rounds: Int) {
    order = first
    for round in 0..<rounds where bestBytes > enough {
      if round % 2 == 0 {
        start(order)
      } else {
        placeFromBothEnds(within: enough + enough / 200)
      }
      guard
        let highest = order.max(by: {
          (items[$0].end(at: bases[$0]), $1) < (items[$1].end(at: bases[$1]), $0)
        }), let position = order.firstIndex(of: highest)
      else { return }
      shift(position, position * (round % 3) / 4)
    }
  }

  /// Places the items in their order, those that live longer than one unit at the nearer end of `bytes`.
  private mutating func placeFromBothEnds(within bytes: Int) {
    for (position, item) in order.enumerated() { rank[item] = position }
    for item in order {
      bases[item] = lowestPlace(item)
      guard items[item].first != items[item].last else { continue }
      let mask = items[item].alignment - 1
      let top = (bytes - items[item].bytes - items[item].slackBytes) & ~mask
      var base = top
      for obstacle in obstacles.sorted(by: { ($0.high, $0.low) > ($1.high, $1.low) })
      where obstacle.low < base && base < obstacle.high {
        base = obstacle.low & ~mask
      }
      if base >= 0, top - base < bases[item] { bases[item] = base }
    }
    keepIfBest()
  }

  private mutating func start(_ order: [Int]) {
    self.order = order
    for (position, item) in order.enumerated() { rank[item] = position }
    _ = place(from: 0, atMost: .max)
  }

  /// Places the items from a position of the order on, and keeps the result if it is the best.
  /// - Returns: bytes, and beside them a small part of what lies too high; nil as soon as that exceeds `most`.
  private mutating func place(from position: Int, atMost most: Int) -> Int? {
    var (bytes, excess) = (0, 0)
    for index in order.indices {
      let item = order[index]
      if index >= position { bases[item] = lowestPlace(item) }
      let end = items[item].end(at: bases[item])
      bytes = max(bytes, end)
      excess += max(0, end - enough)
      if bytes + excess / 16 > most { return nil }
    }
    if bytes < bestBytes { (bestBytes, bestBases) = (bytes, bases) }
    return bytes + excess / 16
  }

  /// The lowest place that the items before it in the order leave.
  private mutating func lowestPlace(_ item: Int) -> Int {
    obstacles.removeAll(keepingCapacity: true)
    let own = rank[item]
    for index in firstExclusion[item]..<firstExclusion[item + 1] {
      let exclusion = exclusions[index]
      guard rank[exclusion.other] < own else { continue }
      let base = bases[exclusion.other]
      guard base + exclusion.high > 0 else { continue }
      let next = (low: base + exclusion.low, high: base + exclusion.high)
      var place = obstacles.count
      obstacles.append(next)
      while place > 0, obstacles[place - 1].low > next.low {
        obstacles[place] = obstacles[place - 1]
        place -= 1
      }
      obstacles[place] = next
    }
    let mask = items[item].alignment - 1
    var base = 0
    for obstacle in obstacles where obstacle.low < base && base < obstacle.high {
      base = (obstacle.high + mask) & ~mask
    }
    return base
  }

  private mutating func improve(steps: Int, limit: Int) {
    guard var current = place(from: 0, atMost: .max) else { return }
    var savedBases = bases
    for step in 0..<steps where bestBytes > enough {
      if limit < .max, step == steps / 4, bestBytes - bestBytes / 16 > limit { return }
      let (from, to) = change()
      guard from != to else { continue }
      let change = move(from, to)
      let threshold = enough / 50 * (steps - step) / steps
      if let cost = place(from: change.changed, atMost: current + threshold) {
        current = cost
        for index in change.changed..<order.count { savedBases[order[index]] = bases[order[index]] }
      } else {
        change.undo(&self)
        for index in change.changed..<order.count { bases[order[index]] = savedBases[order[index]] }
      }
    }
  }

  private struct Move {
    var from: Int
    var to: Int
    var isSwap: Bool
    var changed: Int { min(from, to) }

    func undo(_ search: inout PlacementSearch) {
      if isSwap { search.swap(from, to) } else { search.shift(to, from) }
    }
  }

  /// Positions in the order: of an item that ends too high, and one before it; or, at times, of any two.
  private mutating func change() -> (from: Int, to: Int) {
    if random.below(4) == 0 { return (random.below(order.count), random.below(order.count)) }
    var chosen = -1
    var seen = 0
    for item in items.indices where items[item].end(at: bases[item]) > enough {
      seen += 1
      if random.below(seen) == 0 { chosen = item }
    }
    guard chosen >= 0, rank[chosen] > 0 else { return (random.below(order.count), random.below(order.count)) }
    return (rank[chosen], random.below(rank[chosen]))
  }

  private mutating func move(_ from: Int, _ to: Int) -> Move {
    let isSwap = from < to || random.below(2) == 0
    if isSwap { swap(from, to) } else { shift(from, to) }
    return Move(from: from, to: to, isSwap: isSwap)
  }

  private mutating func swap(_ a: Int, _ b: Int) {
    order.swapAt(a, b)
    rank[order[a]] = a
    rank[order[b]] = b
  }

  /// Takes an item out of the order and puts it in elsewhere.
  private mutating func shift(_ from: Int, _ to: Int) {
    let item = order[from]
    let step = from < to ? 1 : -1
    var position = from
    while position != to {
      order[position] = order[position + step]
      rank[order[position]] = position
      position += step
    }
    order[to] = item
    rank[item] = to
  }
}
