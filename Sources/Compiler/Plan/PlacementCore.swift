/// Places for all items of a problem, found part by part.
struct FoundPlaces {
  /// One an item.
  var bases: [Int]
  /// The end of the last item, slack included.
  var bytes: Int
}

extension PlacementProblem {
  /// Looks for places in as few bytes as it can: only the items that decide are searched.
  /// - Parameters:
  ///   - steps: how many changed orders to try in each part.
  ///   - limit: only results below it matter: the search ends early where it seems far away.
  ///   - target: a result of so many bytes is as good as any smaller one.
  ///   - given: places to begin with.
  func findPlaces(steps: Int, limit: Int = .max, target: Int = 0, from given: [Int]? = nil) -> FoundPlaces {
    var enough = max(bound.withSlack, target)
    var isHopeless = limit <= enough
    let (parts, easy) = core(within: enough)
    var bases = [Int](repeating: -1, count: items.count)
    for part in parts {
      var search = PlacementSearch(PlacementProblem(self, only: part), enough: enough)
      search.search(steps: isHopeless ? 0 : steps, limit: limit, from: given.map { given in part.map { given[$0] } })
      for (item, base) in zip(part, search.bestBases) { bases[item] = base }
      enough = max(enough, search.bestBytes)
      isHopeless = isHopeless || search.bestBytes >= limit
    }
    for item in easy { bases[item] = lowestPlace(item, bases) }
    return FoundPlaces(bases: bases, bytes: zip(items, bases).map { $0.end(at: $1) }.max() ?? 0)
  }

  /// The items that decide how many bytes are needed, in parts that leave each other's places alone, the fullest first; and
  /// the others, in an order in which each finds a place within `bytes`, wherever those before it lie.
  ///
  /// Items leave one by one while what is left excludes fewer of their places than there are, and come back in the
  /// opposite order (as registers are allocated, Chaitin 1982).
  private func core(within bytes: Int) -> (parts: [[Int]], easy: [Int]) {
    func excluded(_ exclusion: Exclusion, _ alignment: Int) -> Int {
      let places = exclusion.high - exclusion.low - 1
      return places > 0 ? (places - 1) / alignment + 1 : 0
    }
    var room = items.indices.map { item in
      let top = bytes - items[item].slackBytes - items[item].bytes
      let exclusions = exclusions[firstExclusion[item]..<firstExclusion[item + 1]]
      return exclusions.reduce(top < 0 ? 0 : top / items[item].alignment + 1) {
        $0 - excluded($1, items[item].alignment)
      }
    }
    var isLeft = [Bool](repeating: true, count: items.count)
    var waiting = items.indices.filter { room[$0] > 0 }
    var left: [Int] = []
    while let item = waiting.popLast() {
      isLeft[item] = false
      left.append(item)
      for exclusion in exclusions[firstExclusion[item]..<firstExclusion[item + 1]] where isLeft[exclusion.other] {
        let was = room[exclusion.other]
        room[exclusion.other] += excluded(exclusion, items[exclusion.other].alignment)
        if was <= 0, room[exclusion.other] > 0 { waiting.append(exclusion.other) }
      }
    }
    return (parts(of: items.indices.filter { isLeft[$0] }), left.reversed())
  }

  /// The connected parts of some items, those with the most bytes alive at a time first.
  private func parts(of chosen: [Int]) -> [[Int]] {
    var isOpen = [Bool](repeating: false, count: items.count)
    for item in chosen { isOpen[item] = true }
    var parts: [(items: [Int], bytes: Int)] = []
    for start in chosen where isOpen[start] {
      var part = [start]
      isOpen[start] = false
      var next = 0
      while next < part.count {
        for index in firstExclusion[part[next]]..<firstExclusion[part[next] + 1] where isOpen[exclusions[index].other] {
          isOpen[exclusions[index].other] = false
          part.append(exclusions[index].other)
        }
        next += 1
      }
      part.sort()
      let bytes = part.map { own in
        part.reduce(0) {
          let time = items[own].first
          return $0 + (items[$1].first <= time && time <= items[$1].last ? items[$1].bytes : 0)
        }
      }
      parts.append((part, bytes.max() ?? 0))
    }
    return parts.sorted { ($1.bytes, $0.items[0]) < ($0.bytes, $1.items[0]) }.map(\.items)
  }

  /// The lowest place that those items leave which have one (not −1).
  private func lowestPlace(_ item: Int, _ bases: [Int]) -> Int {
    let alignment = items[item].alignment
    var obstacles: [(low: Int, high: Int)] = []
    for exclusion in exclusions[firstExclusion[item]..<firstExclusion[item + 1]] where bases[exclusion.other] >= 0 {
      obstacles.append((bases[exclusion.other] + exclusion.low, bases[exclusion.other] + exclusion.high))
    }
    obstacles.sort { ($0.low, $0.high) < ($1.low, $1.high) }
    var base = 0
    for obstacle in obstacles where obstacle.low < base && base < obstacle.high {
      base = (obstacle.high + alignment - 1) & ~(alignment - 1)
    }
    return base
  }
}
