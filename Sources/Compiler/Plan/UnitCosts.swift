/// A stretch of adjacent steps that run as one: a single step with all of its rows, or a group that advances by rows.
struct PlanUnit: Equatable {
  var steps: Range<Int>
  /// About how many pixels a turn computes; nil: all rows.
  var pixels: Int?
  /// Whether what the unit writes follows what it reads for the last time, over rows that are no longer needed.
  var overlays = false
}

/// What units need and take: bytes alive while they run, and time beyond that of whole tensors. Computed once each.
final class UnitCosts {
  struct Cost {
    /// Bytes of all tensors and scratch that are alive while the unit runs, each at a place of its own.
    var bytes: Int
    /// The same with overlays.
    var overlaidBytes: Int
    /// Written storages over read ones, and where they begin, from the beginning of the read one.
    var overlays: [(follower: Follower, distance: Int)]
    /// Bytes of what the unit's own tensors hold, a lower bound of `bytes` for longer units.
    var ownBytes: Int
    /// Estimated nanoseconds that running by rows takes longer than running whole.
    var delay: Double
  }

  let network: RowNetwork
  let pushesInput: Bool
  /// The first unit step that reads the network's first input.
  let firstReader: Int
  private var known: [Key: Cost] = [:]

  private struct Key: Hashable {
    var first: Int
    var end: Int
    var pixels: Int
  }

  /// Pixels a turn that are tried, from the fewest.
  static let pixelChoices = [1, 14, 28, 56, 112, 224, 448, 896, 1792]
  /// Most steps in a group.
  static let groupLimit = 128

  init(_ network: RowNetwork, pushesInput: Bool) {
    self.network = network
    self.pushesInput = pushesInput
    firstReader = network.storages[network.firstInput].readers.map(\.step).min() ?? 0
  }

  /// Whether a unit begins with rows that the caller gives.
  func pushes(_ steps: Range<Int>) -> Bool { pushesInput && steps.contains(firstReader) }

  /// The rows of a unit, computed anew.
  func stream(_ unit: PlanUnit) -> RowStream {
    RowStream(
      network, steps: unit.steps, pixels: unit.pixels, pushesInput: pushes(unit.steps),
      followers: followers(unit.steps))
  }

  /// Pairs of a storage that only a unit writes, for later ones, and one that it is the last to read.
  private func followers(_ steps: Range<Int>) -> [Follower] {
    var found: [Follower] = []
    for (written, memory) in network.storages.enumerated()
    where !memory.isInput && !isInside(written, steps) && memory.mayBeRing && !memory.writers.isEmpty
      && memory.writers.allSatisfy(steps.contains)
    {
      for (read, other) in network.storages.enumerated()
      where read != written && other.mayBeRing && !isInside(read, steps) && !(pushesInput && read == network.firstInput)
        && lifetimes[read].lowerBound <= steps.lowerBound && steps.contains(lifetimes[read].upperBound)
        && !other.writers.contains(where: steps.contains)
      {
        found.append(Follower(written: written, read: read))
      }
    }
    return found
  }

  /// The overlays of a unit that save most, each storage in one at most.
  private func overlays(_ stream: RowStream, _ followers: [Follower]) -> [(follower: Follower, distance: Int)] {
    let found = zip(followers, stream.leads).map { follower, lead in
      let distance = Int((Double(lead) / 64).rounded(.down)) * 64
      let (read, written) = (network.storages[follower.read].bytes, network.storages[follower.written].bytes)
      let union = max(read, distance + written) - min(0, distance)
      return (follower: follower, distance: distance, saving: read + written - union)
    }.filter { $0.saving > 0 }.sorted { ($0.saving, $1.follower.written) > ($1.saving, $0.follower.written) }
    var used: Set<Int> = []
    return found.compactMap { overlay in
      guard !used.contains(overlay.follower.read), !used.contains(overlay.follower.written) else { return nil }
      used.formUnion([overlay.follower.read, overlay.follower.written])
      return (overlay.follower, overlay.distance)
    }
  }

  private func saving(_ overlay: (follower: Follower, distance: Int)) -> Int {
    let (read, written) = (
      network.storages[overlay.follower.read].bytes, network.storages[overlay.follower.written].bytes
    )
    return read + written - (max(read, overlay.distance + written) - min(0, overlay.distance))
  }

  /// Whether nothing outside `steps` reads or writes a storage.
  func isInside(_ storage: Int, _ steps: Range<Int>) -> Bool {
    let memory = network.storages[storage]
    if memory.isInput, !(pushes(steps) && storage == network.firstInput) { return false }
    return memory.mayBeRing && !memory.isOutput && memory.writers.allSatisfy(steps.contains)
      && memory.readers.allSatisfy { steps.contains($0.step) }
  }

  /// The first and last step during which a storage holds something that units outside may need.
  func lifetime(_ storage: Int) -> ClosedRange<Int> {
    let memory = network.storages[storage]
    let isPushed = pushesInput && storage == network.firstInput
    let first = memory.isInput ? (isPushed ? firstReader : 0) : memory.writers.min() ?? 0
    let last = (memory.readers.map(\.step) + memory.writers).max() ?? first
    return first...max(first, memory.isOutput ? network.steps.count : last)
  }

  private lazy var lifetimes = network.storages.indices.map(lifetime)

  func cost(_ unit: PlanUnit) -> Cost {
    let key = Key(first: unit.steps.lowerBound, end: unit.steps.upperBound, pixels: unit.pixels ?? 0)
    if let cost = known[key] { return cost }
    let cost = computeCost(unit)
    known[key] = cost
    return cost
  }

  private func computeCost(_ unit: PlanUnit) -> Cost {
    let steps = unit.steps
    var own = 0
    var outside = 0
    let isSingle = steps.count == 1 && !pushes(steps) && unit.pixels == nil
    let stream = isSingle ? nil : self.stream(unit)
    for storage in network.storages.indices where lifetimes[storage].overlaps(steps.lowerBound...steps.upperBound - 1) {
      let memory = network.storages[storage]
      if isInside(storage, steps), let held = stream?.rowsHeld[storage] {
        own += roundedUp(min(held, memory.height) * memory.rowBytes, to: 16)
      } else {
        outside += roundedUp(memory.bytes, to: 16)
      }
    }
    let scratch = steps.map { network.steps[$0].scratchBytes }.max() ?? 0
    if isSingle, let overwritten = overwritten(by: steps.lowerBound) {
      outside -= roundedUp(network.storages[overwritten].bytes, to: 16)
    }
    let overlays = stream.map { self.overlays($0, followers(steps)) } ?? []
    let bytes = own + outside + scratch
    return Cost(
      bytes: bytes, overlaidBytes: bytes - overlays.reduce(0) { $0 + saving($1) }, overlays: overlays, ownBytes: own,
      delay: stream.map { delay(unit, $0) } ?? 0)
  }

  /// The storage that a step running whole may write its output over: one that nothing needs afterwards.
  private func overwritten(by step: Int) -> Int? {
    let output = network.steps[step].output
    return network.steps[step].overwritable.first {
      $0 != output && lifetimes[$0].upperBound == step && lifetimes[output].lowerBound == step
        && network.storages[$0].bytes == network.storages[output].bytes
    }
  }
}

func roundedUp(_ bytes: Int, to alignment: Int) -> Int { (bytes + alignment - 1) / alignment * alignment }
