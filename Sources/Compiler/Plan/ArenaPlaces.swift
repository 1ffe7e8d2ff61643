/// Where a tensor might lie while a network is cut into units.
struct ArenaPlace: Equatable {
  var storage: Int
  /// From the start of the arena.
  var offset: Int
}

/// A coarse model of placement, of one tensor at a time: it keeps the cut from asking for what no placement can give.
extension UnitCosts {
  /// Where the network's input may lie at first. An element nil: somewhere.
  func places(ofInputWithin bytes: Int) -> [ArenaPlace?] {
    guard !pushesInput else { return [nil] }
    return ends(of: network.firstInput, within: bytes)
  }

  /// Where the largest tensor that a unit writes for later ones may lie, when the one before it lies at `place`: at
  /// either end of the arena, as near as may be to what it is written over, or in the place of what it overwrites. An
  /// element nil: somewhere; none: there is no room.
  /// - Parameter movesFollowers: whether what is written over something may lie lower than it must.
  func places(
    after unit: PlanUnit, _ cost: Cost, from place: ArenaPlace?, within bytes: Int, movesFollowers: Bool
  ) -> [ArenaPlace?] {
    guard let output = cost.output else { return [nil] }
    let before = place.flatMap { lifetimes[$0.storage].upperBound >= unit.steps.lowerBound ? $0 : nil }
    if unit.overlays, let overlay = cost.overlays.first(where: { $0.follower.written == output }) {
      let read = overlay.follower.read
      let base = before?.storage == read ? before!.offset : bytes - network.storages[read].bytes
      let top = bytes - network.storages[output].bytes
      let highest = base + overlay.distance
      let next = ArenaPlace(storage: output, offset: movesFollowers ? min(top, highest) : highest & ~63)
      return hasRoom(cost, ArenaPlace(storage: read, offset: base), next, within: bytes, isOverlaid: true) ? [next] : []
    }
    if let before, before.storage == output { return [before] }
    if let before, cost.overwritten == before.storage {
      return [ArenaPlace(storage: output, offset: before.offset)]
    }
    return ends(of: output, within: bytes).filter { candidate in
      candidate.map { hasRoom(cost, before, $0, within: bytes, isOverlaid: false) } ?? true
    }
  }

  /// Whether everything else that is alive fits around two tensors, which overlap where one is written over the other.
  private func hasRoom(
    _ cost: Cost, _ before: ArenaPlace?, _ next: ArenaPlace, within bytes: Int, isOverlaid: Bool
  ) -> Bool {
    func end(_ place: ArenaPlace) -> Int { place.offset + network.storages[place.storage].bytes }
    var (low, high) = (next, next)
    if let before {
      (low, high) = before.offset < next.offset ? (before, next) : (next, before)
      if !isOverlaid, end(low) > high.offset { return false }
    }
    let top = max(end(low), end(high))
    guard low.offset >= 0, top <= bytes else { return false }
    var holes = (low.offset, max(0, high.offset - end(low)), bytes - top)
    for piece in cost.pieces where piece.storage != next.storage && piece.storage != before?.storage {
      if piece.bytes <= holes.0 {
        holes.0 -= piece.bytes
      } else if piece.bytes <= holes.1 {
        holes.1 -= piece.bytes
      } else if piece.bytes <= holes.2 {
        holes.2 -= piece.bytes
      } else {
        return false
      }
    }
    return true
  }

  private func ends(of storage: Int, within bytes: Int) -> [ArenaPlace?] {
    let top = bytes - network.storages[storage].bytes
    guard top >= 0 else { return [] }
    return top == 0
      ? [ArenaPlace(storage: storage, offset: 0)]
      : [ArenaPlace(storage: storage, offset: top), ArenaPlace(storage: storage, offset: 0)]
  }
}
