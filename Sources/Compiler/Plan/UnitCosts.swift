/// A stretch of adjacent steps that run as one: a single step with all of its rows, or a group that advances by rows.
struct PlanUnit: Hashable {
  var steps: Range<Int>
  /// What a turn computes; nil: all rows.
  var chunk: RowChunk?
  /// Whether what the unit writes follows what it reads for the last time, over rows that are no longer needed.
  var overlays = false
}

/// How many rows a turn of a group computes.
struct RowChunk: Hashable {
  /// Rows of about so many pixels, at least one, of what nothing in the group reads.
  var pixels: Int
  /// Rows of about so many bytes, at least one and at most eight, of what is read in the group, even if fewer are asked for.
  var aheadBytes = 0

  /// From the fewest rows, and then those that compute ahead.
  static let choices =
    [1, 14, 28, 56, 112, 224, 448, 896, 1792].map { RowChunk(pixels: $0) }
    + [4, 8, 16].map { RowChunk(pixels: 1, aheadBytes: $0 * 1024) } + between
  /// Steps between those, for the room that a finished plan leaves.
  private static let between =
    [
      20, 24, 34, 40, 48, 67, 80, 95, 133, 158, 188, 266, 317, 377, 533, 634, 754, 1066, 1267,
    ].map { RowChunk(pixels: $0) }
  /// How many of them are tried while a network is cut.
  static let coarse = 12
  /// How many of them compute no rows before they are asked for.
  static let onDemand = 9
  /// The one before a coarse one that often comes to the same turns.
  static func nearest(_ choice: Int) -> Int { choice == onDemand ? 0 : max(0, choice - 1) }
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

  /// What cutting asks of every group again and again, in flat memory.
  struct Figures {
    /// Those of `Cost`; −1: not yet known.
    var bytes: Int32 = -1
    var overlaidBytes: Int32 = 0
    var ownBytes: Int32 = 0
    var delay = 0.0

    init() {}

    init(_ cost: Cost) {
      (bytes, overlaidBytes) = (Int32(clamping: cost.bytes), Int32(clamping: cost.overlaidBytes))
      (ownBytes, delay) = (Int32(clamping: cost.ownBytes), cost.delay)
    }
  }

  let network: RowNetwork
  let pushesInput: Bool
  private let time: TimeModel
  /// Estimated nanoseconds of a run without rows.
  let wholeTime: Double
  /// The first unit step that reads the network's first input.
  let firstReader: Int
  private let tables: RowTables
  /// By the first step, the number of steps and the chunk's place in `RowChunk.choices`; whole units last. Fine chunks, which
  /// few units are tried with, lie apart, and so does everything of networks for which this would be too large.
  private var known: [Cost?]
  private var knownFigures: [Figures]
  private var knownApart: [PlanUnit: Cost] = [:]
  private let uses: [StorageUse]
  private let leastDelays: TimeModel.LeastDelays
  /// Of each chunk and step, how many of the steps before it take other turns than with the chunk's `RowChunk.nearest`.
  private let othersBefore: [[Int]]
  private var leastKnown: (steps: Range<Int>, bytes: Int) = (0..<0, 0)
  /// The rows of each storage in the unit whose cost is being computed; 0 between units.
  private var rowsHeld: [Int]
  private var lastFollowers: (steps: Range<Int>, followers: [Follower]) = (0..<0, [])
  private var knownRows: [PlanUnit: (turns: [PlannedTurn], held: [Int: Int])] = [:]

  /// Most steps in a group.
  static let groupLimit = 128
  private static let placesOfGroup = RowChunk.coarse + 1

  init(_ network: RowNetwork, pushesInput: Bool, threads: Int) {
    self.network = network
    self.pushesInput = pushesInput
    time = TimeModel(threads: threads)
    wholeTime = time.wholeTime(network)
    tables = RowTables(network)
    let count = network.steps.count
    let places = count > 4096 ? 0 : count * min(UnitCosts.groupLimit, count) * UnitCosts.placesOfGroup
    known = Array(repeating: nil, count: places)
    knownFigures = Array(repeating: Figures(), count: places)
    firstReader = network.storages[network.firstInput].readers.map(\.step).min() ?? 0
    uses = network.storages.map { StorageUse($0) }
    rowsHeld = Array(repeating: 0, count: network.storages.count)
    leastDelays = TimeModel.LeastDelays(network, time)
    othersBefore = (0..<RowChunk.coarse).map { choice in
      let chunks = [choice, RowChunk.nearest(choice)].map { RowChunk.choices[$0] }
      return network.steps.reduce(into: [0]) { sums, step in
        sums.append(sums.last! + (RowStream.takesSameTurns(step, network, chunks[0], chunks[1]) ? 0 : 1))
      }
    }
    lifetimes = network.storages.indices.map(lifetime)
  }

  /// A bound below the delay of a group, which its rows need not be known for.
  func leastDelay(_ steps: Range<Int>, choice: Int) -> Double {
    leastDelays.least(steps, choice: choice)
  }

  /// A bound below the bytes that a group needs: the rows that a reader needs at once of each tensor between its steps.
  func leastBytes(_ steps: Range<Int>) -> Int {
    if leastKnown.steps.upperBound == steps.upperBound, leastKnown.steps.lowerBound == steps.lowerBound + 1 {
      // What the step added in front writes may now lie inside.
      let output = network.steps[steps.lowerBound].output
      leastKnown.bytes += isInside(output, steps) ? uses[output].leastBytes : 0
    } else if leastKnown.steps != steps {
      let outputs = Set(steps.map { network.steps[$0].output })
      leastKnown.bytes = outputs.reduce(0) { $0 + (isInside($1, steps) ? uses[$1].leastBytes : 0) }
    }
    leastKnown.steps = steps
    return leastKnown.bytes
  }

  /// Whether a unit begins with rows that the caller gives.
  func pushes(_ steps: Range<Int>) -> Bool { pushesInput && steps.contains(firstReader) }

  /// The rows of a unit, computed anew.
  func stream(_ unit: PlanUnit) -> RowStream {
    RowStream(
      network, tables, steps: unit.steps, chunk: unit.chunk, pushesInput: pushes(unit.steps),
      followers: followers(unit.steps))
  }

  /// The turns of a unit, and the rows that its tensors hold, kept for the next time.
  func rows(_ unit: PlanUnit) -> (turns: [PlannedTurn], held: [Int: Int]) {
    var key = unit
    key.overlays = false
    if let rows = knownRows[key] { return rows }
    let stream = stream(unit)
    let rows = (stream.turns, stream.rowsHeld)
    knownRows[key] = rows
    return rows
  }

  /// Pairs of a storage that only a unit writes, for later ones, and one that it is the last to read.
  private func followers(_ steps: Range<Int>) -> [Follower] {
    if steps != lastFollowers.steps { lastFollowers = (steps, findFollowers(steps)) }
    return lastFollowers.followers
  }

  private func findFollowers(_ steps: Range<Int>) -> [Follower] {
    var (written, read) = ([Int](), [Int]())
    for step in steps {
      let output = network.steps[step].output
      let use = uses[output]
      if use.mayBeRing, !use.isInput, steps.lowerBound <= use.firstWriter, use.lastWriter < steps.upperBound,
        !isInside(output, steps), !written.contains(output)
      {
        written.append(output)
      }
      for index in tables.firstOperand[step]..<tables.firstOperand[step + 1] {
        let operand = tables.operands[index].storage
        let isPushed = pushesInput && operand == network.firstInput
        if uses[operand].mayBeRing, !isPushed, lifetimes[operand].lowerBound <= steps.lowerBound,
          steps.contains(lifetimes[operand].upperBound), !isInside(operand, steps), !read.contains(operand),
          !network.storages[operand].writers.contains(where: steps.contains)
        {
          read.append(operand)
        }
      }
    }
    read.sort()
    return written.sorted().flatMap { written in read.map { Follower(written: written, read: $0) } }
  }

  /// The overlays of a unit that save most, each storage in one at most.
  private func overlays(_ stream: RowStream, _ followers: [Follower]) -> [(follower: Follower, distance: Int)] {
    let found = zip(followers, stream.leads).map { follower, lead in
      let saving = savedBytes(
        read: network.storages[follower.read].bytes, written: network.storages[follower.written].bytes,
        distance: lead)
      return (follower: follower, distance: lead, saving: saving)
    }.filter { $0.saving > 0 }.sorted { ($0.saving, $1.follower.written) > ($1.saving, $0.follower.written) }
    var used: Set<Int> = []
    return found.compactMap { overlay in
      guard !used.contains(overlay.follower.read), !used.contains(overlay.follower.written) else { return nil }
      used.formUnion([overlay.follower.read, overlay.follower.written])
      return (overlay.follower, overlay.distance)
    }
  }

  private func saving(_ overlay: (follower: Follower, distance: Int)) -> Int {
    savedBytes(
      read: network.storages[overlay.follower.read].bytes, written: network.storages[overlay.follower.written].bytes,
      distance: overlay.distance)
  }

  /// Whether nothing outside `steps` reads or writes a storage.
  func isInside(_ storage: Int, _ steps: Range<Int>) -> Bool {
    let use = uses[storage]
    return use.mayBeInside && steps.lowerBound <= use.first && use.last < steps.upperBound
      && (!use.isInput || (storage == network.firstInput && pushes(steps)))
  }

  /// The first and last step during which a storage holds something that units outside may need.
  func lifetime(_ storage: Int) -> ClosedRange<Int> {
    let memory = network.storages[storage]
    let isPushed = pushesInput && storage == network.firstInput
    let first = memory.isInput ? (isPushed ? firstReader : 0) : memory.writers.min() ?? 0
    let last = (memory.readers.map(\.step) + memory.writers).max() ?? first
    return first...max(first, memory.isOutput ? network.steps.count : last)
  }

  private(set) var lifetimes: [ClosedRange<Int>] = []

  func cost(_ unit: PlanUnit) -> Cost {
    let choice = unit.chunk.map { RowChunk.choices.firstIndex(of: $0)! } ?? RowChunk.choices.count
    return cost(unit.steps, choice: choice)
  }

  /// The cost of a unit in chunks of `RowChunk.choices[choice]`, or whole.
  func cost(_ steps: Range<Int>, choice: Int) -> Cost {
    if let place = place(steps, choice: choice) {
      _ = figures(at: place, steps, choice: choice)
      return known[place]!
    }
    let unit = PlanUnit(steps: steps, chunk: choice < RowChunk.choices.count ? RowChunk.choices[choice] : nil)
    if let cost = knownApart[unit] { return cost }
    let cost = computeCost(unit)
    knownApart[unit] = cost
    return cost
  }

  /// A few numbers of the cost of at most `groupLimit` steps in coarse chunks, or whole.
  func figures(_ steps: Range<Int>, choice: Int) -> Figures {
    if let place = place(steps, choice: choice) { return figures(at: place, steps, choice: choice) }
    return Figures(cost(steps, choice: choice))
  }

  private func figures(at place: Int, _ steps: Range<Int>, choice: Int) -> Figures {
    if knownFigures[place].bytes >= 0 { return knownFigures[place] }
    let cost: Cost
    if choice > 0, choice < RowChunk.coarse, steps.count > 1,
      othersBefore[choice][steps.lowerBound] == othersBefore[choice][steps.upperBound]
    {
      cost = self.cost(steps, choice: RowChunk.nearest(choice))
    } else {
      cost = computeCost(
        PlanUnit(steps: steps, chunk: choice < RowChunk.choices.count ? RowChunk.choices[choice] : nil))
    }
    known[place] = cost
    knownFigures[place] = Figures(cost)
    return knownFigures[place]
  }

  /// Where what is known of a unit lies; nil where that is `knownApart`.
  private func place(_ steps: Range<Int>, choice: Int) -> Int? {
    let column = choice == RowChunk.choices.count ? RowChunk.coarse : choice
    guard column < UnitCosts.placesOfGroup, choice != RowChunk.coarse, steps.count <= UnitCosts.groupLimit,
      !known.isEmpty
    else { return nil }
    let limit = min(UnitCosts.groupLimit, network.steps.count)
    return (steps.lowerBound * limit + steps.count - 1) * UnitCosts.placesOfGroup + column
  }

  private func computeCost(_ unit: PlanUnit) -> Cost {
    let steps = unit.steps
    var own = 0
    var pieces: [(storage: Int, bytes: Int)] = []
    var outside = 0
    let isSingle = steps.count == 1 && !pushes(steps) && unit.chunk == nil
    let stream = isSingle ? nil : self.stream(unit)
    stream?.forEachRing { rowsHeld[$0] = max(rowsHeld[$0], $1) }
    defer { stream?.forEachRing { storage, _ in rowsHeld[storage] = 0 } }
    for storage in network.storages.indices where lifetimes[storage].overlaps(steps.lowerBound...steps.upperBound - 1) {
      let memory = network.storages[storage]
      if rowsHeld[storage] > 0, isInside(storage, steps) {
        pieces.append((storage, roundedUp(min(rowsHeld[storage], memory.height) * memory.rowBytes, to: 16)))
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
      delay: stream.map { time.delay(unit, $0, network) } ?? 0,
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

/// Who uses a storage, in a few numbers.
private struct StorageUse {
  let mayBeRing: Bool
  let mayBeInside: Bool
  let isInput: Bool
  /// The steps that write it; and those that write or read it.
  let firstWriter: Int
  let lastWriter: Int
  let first: Int
  let last: Int
  /// Of the rows that some reader needs at once.
  let leastBytes: Int

  init(_ storage: RowNetwork.Storage) {
    (mayBeRing, isInput) = (storage.mayBeRing, storage.isInput)
    mayBeInside = storage.mayBeRing && !storage.isOutput
    firstWriter = storage.writers.min() ?? Int.max
    lastWriter = storage.writers.max() ?? -1
    first = min(firstWriter, storage.readers.map(\.step).min() ?? Int.max)
    last = max(lastWriter, storage.readers.map(\.step).max() ?? -1)
    let rows = storage.readers.map { reader in zip(reader.begins, reader.ends).map { $1 - $0 }.max() ?? 1 }.max() ?? 1
    leastBytes = max(1, rows) * storage.rowBytes
  }
}

func roundedUp(_ bytes: Int, to alignment: Int) -> Int { (bytes + alignment - 1) / alignment * alignment }
