/// A stretch of adjacent steps that run as one: a single step with all of its rows, or a group that advances by rows.
struct PlanUnit: Equatable {
  var steps: Range<Int>
  /// What a turn computes; nil: all rows.
  var chunk: RowChunk?
  /// Whether what the unit writes follows what it reads for the last time, over rows that are no longer needed.
  var overlays = false
}

/// How many rows a turn of a group computes.
struct RowChunk: Equatable {
  /// Rows of about so many pixels, at least one, of what nothing in the group reads.
  var pixels: Int
  /// Rows of about so many bytes, at least one and at most eight, of what is read in the group, even if fewer are asked for.
  var aheadBytes = 0

  /// Those that are tried, from the fewest rows.
  static let choices =
    [1, 14, 28, 56, 112, 224, 448, 896, 1792].map { RowChunk(pixels: $0) }
    + [4, 8, 16].map { RowChunk(pixels: 1, aheadBytes: $0 * 1024) }
  /// How many of them compute no rows before they are asked for.
  static let onDemand = 9
}

/// What units need and take: bytes alive while they run, and time beyond that of whole tensors. Computed once each.
final class UnitCosts {
  final class Cost {
    /// Bytes of all tensors and scratch that are alive while the unit runs, each at a place of its own.
    let bytes: Int
    /// The same with overlays.
    let overlaidBytes: Int
    /// Written storages over read ones, and where they begin, from the beginning of the read one.
    let overlays: [(follower: Follower, distance: Int)]
    /// Everything alive, largest first; a storage of −1 is scratch.
    let pieces: [(storage: Int, bytes: Int)]
    /// Bytes of what the unit's own tensors hold, a lower bound of `bytes` for longer units.
    let ownBytes: Int
    /// Estimated nanoseconds that running by rows takes longer than running whole.
    let delay: Double
    /// The largest storage that the unit writes for later ones.
    let output: Int?
    /// The storage that it overwrites as a whole.
    let overwritten: Int?

    init(
      bytes: Int, overlaidBytes: Int, overlays: [(follower: Follower, distance: Int)],
      pieces: [(storage: Int, bytes: Int)], ownBytes: Int, delay: Double, output: Int?, overwritten: Int?
    ) {
      (self.bytes, self.overlaidBytes, self.overlays) = (bytes, overlaidBytes, overlays)
      (self.pieces, self.ownBytes, self.delay) = (pieces, ownBytes, delay)
      (self.output, self.overwritten) = (output, overwritten)
    }
  }

  let network: RowNetwork
  let pushesInput: Bool
  /// The first unit step that reads the network's first input.
  let firstReader: Int
  private let tables: RowTables
  /// By the first step, the number of steps and the chunk's place in `RowChunk.choices`; whole units last.
  private var known: [[[Cost?]]]

  /// Most steps in a group.
  static let groupLimit = 128

  init(_ network: RowNetwork, pushesInput: Bool) {
    self.network = network
    self.pushesInput = pushesInput
    tables = RowTables(network)
    known = Array(repeating: [], count: network.steps.count)
    firstReader = network.storages[network.firstInput].readers.map(\.step).min() ?? 0
  }

  /// Whether a unit begins with rows that the caller gives.
  func pushes(_ steps: Range<Int>) -> Bool { pushesInput && steps.contains(firstReader) }

  /// The rows of a unit, computed anew.
  func stream(_ unit: PlanUnit) -> RowStream {
    RowStream(
      network, tables, steps: unit.steps, chunk: unit.chunk, pushesInput: pushes(unit.steps),
      followers: followers(unit.steps))
  }

  /// Pairs of a storage that only a unit writes, for later ones, and one that it is the last to read.
  private func followers(_ steps: Range<Int>) -> [Follower] {
    let written = Set(steps.map { network.steps[$0].output }).filter { storage in
      let memory = network.storages[storage]
      return !memory.isInput && memory.mayBeRing && memory.writers.allSatisfy(steps.contains)
        && !isInside(storage, steps)
    }
    let read = Set(steps.flatMap { network.steps[$0].operands.map(\.storage) }).filter { storage in
      let memory = network.storages[storage]
      return memory.mayBeRing && !(pushesInput && storage == network.firstInput)
        && lifetimes[storage].lowerBound <= steps.lowerBound && steps.contains(lifetimes[storage].upperBound)
        && !memory.writers.contains(where: steps.contains) && !isInside(storage, steps)
    }.sorted()
    return written.sorted().flatMap { written in read.map { Follower(written: written, read: $0) } }
  }

  /// The overlays of a unit that save most, each storage in one at most.
  private func overlays(_ stream: RowStream, _ followers: [Follower]) -> [(follower: Follower, distance: Int)] {
    let found = zip(followers, stream.leads).map { follower, lead in
      // Whole cache lines where that matters little.
      let step = network.storages[follower.read].bytes < 1 << 15 ? 4 : 64
      let distance = Int((Double(lead) / Double(step)).rounded(.down)) * step
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

  private(set) lazy var lifetimes = network.storages.indices.map(lifetime)

  func cost(_ unit: PlanUnit) -> Cost {
    let choice = unit.chunk.map { RowChunk.choices.firstIndex(of: $0)! } ?? RowChunk.choices.count
    return cost(unit.steps, choice: choice)
  }

  /// The cost of a unit in chunks of `RowChunk.choices[choice]`, or whole.
  func cost(_ steps: Range<Int>, choice: Int) -> Cost {
    let (first, length) = (steps.lowerBound, steps.count - 1)
    while known[first].count <= length {
      known[first].append(Array(repeating: nil, count: RowChunk.choices.count + 1))
    }
    if let cost = known[first][length][choice] { return cost }
    let chunk = choice < RowChunk.choices.count ? RowChunk.choices[choice] : nil
    let cost = computeCost(PlanUnit(steps: steps, chunk: chunk))
    known[first][length][choice] = cost
    return cost
  }

  private func computeCost(_ unit: PlanUnit) -> Cost {
    let steps = unit.steps
    var own = 0
    var pieces: [(storage: Int, bytes: Int)] = []
    var outside = 0
    let isSingle = steps.count == 1 && !pushes(steps) && unit.chunk == nil
    let stream = isSingle ? nil : self.stream(unit)
    let rowsHeld = stream?.rowsHeld ?? [:]
    for storage in network.storages.indices where lifetimes[storage].overlaps(steps.lowerBound...steps.upperBound - 1) {
      let memory = network.storages[storage]
      if isInside(storage, steps), let held = rowsHeld[storage] {
        pieces.append((storage, roundedUp(min(held, memory.height) * memory.rowBytes, to: 16)))
        own += pieces.last!.bytes
      } else {
        pieces.append((storage, roundedUp(memory.bytes, to: 16)))
        outside += pieces.last!.bytes
      }
    }
    let scratch = steps.map { network.steps[$0].scratchBytes }.max() ?? 0
    let overwritten = isSingle ? overwritten(by: steps.lowerBound) : nil
    if let overwritten {
      outside -= roundedUp(network.storages[overwritten].bytes, to: 16)
      pieces.removeAll { $0.storage == overwritten }
    }
    if scratch > 0 { pieces.append((-1, scratch)) }
    pieces.sort { ($1.bytes, $0.storage) < ($0.bytes, $1.storage) }
    let overlays = stream.map { self.overlays($0, followers(steps)) } ?? []
    let written = steps.map { network.steps[$0].output }.filter { !isInside($0, steps) }
    let bytes = own + outside + scratch
    return Cost(
      bytes: bytes, overlaidBytes: bytes - overlays.reduce(0) { $0 + saving($1) }, overlays: overlays, pieces: pieces,
      ownBytes: own,
      delay: stream.map { delay(unit, $0) } ?? 0,
      output: written.max { network.storages[$0].bytes < network.storages[$1].bytes }, overwritten: overwritten)
  }

  /// The storage that a step running whole may write its output over: one that nothing needs afterwards.
  func overwritten(by step: Int) -> Int? {
    let output = network.steps[step].output
    return network.steps[step].overwritable.first {
      $0 != output && lifetimes[$0].upperBound == step && lifetimes[output].lowerBound == step
        && network.storages[$0].bytes == network.storages[output].bytes
    }
  }
}

func roundedUp(_ bytes: Int, to alignment: Int) -> Int { (bytes + alignment - 1) / alignment * alignment }
