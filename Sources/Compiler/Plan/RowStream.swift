/// Some rows of a step's output, or of the pushed input (step −1), computed in one turn.
struct PlannedTurn: Equatable {
  var step: Int
  var rows: Range<Int>
}

/// A storage that is written over the rows of another one that are no longer needed.
struct Follower: Equatable {
  var written: Int
  var read: Int
}

/// A group of adjacent steps that advance by a few rows at a time, simulated: the turns, and the rows that each tensor
/// between them must hold.
///
/// The steps that nothing in the group reads ask for their next rows; each step asks the ones before it for exactly the
/// rows that it lacks, or gets a few more at once where the chunk says so. So nothing is computed earlier than needed, nothing
/// twice, and every tensor holds as few rows as its readers allow.
struct RowStream {
  private let tables: RowTables
  private let first: Int
  private let count: Int
  private let pushesInput: Bool
  private let firstInput: Int
  /// Of each step, and last of the pushed input: its rows, the most rows a turn, the rows that a turn computes even if fewer
  /// are asked for, its storage, and the rows computed.
  private let heights: [Int]
  private let rowsAtMost: [Int]
  private let rowsAhead: [Int]
  private let outputs: [Int]
  private var computed: [Int]
  private(set) var turns: [PlannedTurn] = []
  /// The most rows of its output that each step, and last the caller, found in memory at a time.
  private var held: [Int]
  /// For each of `followers`: where the written storage may begin at most, in bytes from the beginning of the one read, so
  /// that no row is written over a row that is still to be read.
  private(set) var leads: [Int]
  private let followers: [Follower]
  private let followerRows: [(readHeight: Int, readBytes: Int, writtenBytes: Int)]

  /// - Parameters:
  ///   - chunk: how many rows each turn computes; nil: all rows.
  ///   - pushesInput: whether the group begins with rows of the network's first input, given by the caller.
  ///   - followers: storages that the group writes while it reads others for the last time.
  init(
    _ network: RowNetwork, _ tables: RowTables, steps: Range<Int>, chunk: RowChunk?, pushesInput: Bool,
    followers: [Follower] = []
  ) {
    self.tables = tables
    self.followers = followers
    self.pushesInput = pushesInput
    first = steps.lowerBound
    count = steps.count
    firstInput = network.firstInput
    leads = followers.map { network.storages[$0.read].bytes }
    followerRows = followers.map {
      let (read, written) = (network.storages[$0.read], network.storages[$0.written])
      return (read.height, read.rowBytes, written.rowBytes)
    }
    let input = network.storages[network.firstInput]
    heights = steps.map { network.steps[$0].height } + [input.height]
    outputs = steps.map { network.steps[$0].output } + [network.firstInput]
    rowsAtMost =
      steps.map { RowStream.rowsAtMost(network.steps[$0], chunk) } + [min(65535, chunk == nil ? input.height : 1)]
    rowsAhead = steps.map { RowStream.rowsAhead(network.steps[$0], network, chunk) } + [0]
    computed = Array(repeating: 0, count: count + 1)
    held = Array(repeating: 0, count: count + 1)
    run(steps)
  }

  private static func rowsAtMost(_ step: RowNetwork.Step, _ chunk: RowChunk?) -> Int {
    if step.needsAllRows { return min(65535, step.height) }
    return min(65535, chunk.map { max(1, $0.pixels / step.width) } ?? step.height)
  }

  private static func rowsAhead(_ step: RowNetwork.Step, _ network: RowNetwork, _ chunk: RowChunk?) -> Int {
    guard let chunk, chunk.aheadBytes > 0, !step.needsAllRows else { return 0 }
    return min(8, chunk.aheadBytes / max(1, network.storages[step.output].rowBytes))
  }

  /// Whether a step computes as many rows a turn with one chunk as with the other, asked for or ahead.
  static func takesSameTurns(_ step: RowNetwork.Step, _ network: RowNetwork, _ a: RowChunk, _ b: RowChunk) -> Bool {
    min(step.height, rowsAtMost(step, a)) == min(step.height, rowsAtMost(step, b))
      && rowsAhead(step, network, a) == rowsAhead(step, network, b)
  }

  /// The most rows that a step computes in a turn.
  static func rowsATurn(_ step: RowNetwork.Step, _ network: RowNetwork, _ chunk: RowChunk) -> Int {
    max(rowsAtMost(step, chunk), rowsAhead(step, network, chunk))
  }

  private mutating func run(_ steps: Range<Int>) {
    let last = (0..<count).filter { slot in
      let storage = outputs[slot]
      return !(tables.firstReader[storage]..<tables.firstReader[storage + 1]).contains {
        steps.contains(tables.readers[$0].step)
      }
    }
    while true {
      var next = -1
      var least = 1.0
      for slot in last {
        let progress = Double(computed[slot]) / Double(heights[slot])
        if progress < least { (next, least) = (slot, progress) }
      }
      guard next >= 0 else { break }
      compute(next)
    }
    // Rows that nothing reads, as below the last window of a pooling.
    if pushesInput { demand(firstInput, rows: heights[count]) }
    for slot in 0..<count { while computed[slot] < heights[slot] { compute(slot) } }
  }

  /// The most rows of each storage written in the group that were in memory at a time.
  var rowsHeld: [Int: Int] {
    var rows: [Int: Int] = [:]
    for slot in 0...count where held[slot] > 0 { rows[outputs[slot]] = max(rows[outputs[slot]] ?? 1, held[slot]) }
    return rows
  }

  /// Calls with each storage that a step of the group writes and the most rows of it in memory at a time.
  func forEachRing(_ body: (_ storage: Int, _ rows: Int) -> Void) {
    for slot in 0...count where held[slot] > 0 { body(outputs[slot], held[slot]) }
  }

  private mutating func demand(_ storage: Int, rows: Int) {
    for index in tables.firstWriter[storage]..<tables.firstWriter[storage + 1] {
      let step = tables.writers[index]
      let slot: Int
      if step < 0 {
        guard pushesInput else { continue }
        slot = count
      } else {
        guard step >= first, step < first + count else { continue }
        slot = step - first
      }
      while computed[slot] < rows { compute(slot, upTo: max(rows, computed[slot] + rowsAhead[slot])) }
    }
  }

  /// The next turn of a step, after those of the steps that it reads.
  private mutating func compute(_ slot: Int, upTo end: Int = Int.max) {
    let begin = computed[slot]
    let next = min(end, heights[slot], begin + max(rowsAtMost[slot], rowsAhead[slot]))
    if slot < count {
      for index in tables.firstOperand[first + slot]..<tables.firstOperand[first + slot + 1] {
        let need = tables.operands[index]
        demand(need.storage, rows: Int(tables.ends[need.first + next - 1]))
      }
    }
    turns.append(PlannedTurn(step: slot < count ? first + slot : -1, rows: begin..<next))
    if slot < count { follow(outputs[slot], rows: next) }
    computed[slot] = next
    held[slot] = max(held[slot], next - min(next, firstNeeded(outputs[slot], atMost: next)), next - begin)
  }

  /// The first row of a storage that a step of the group still needs, or `rows`.
  private func firstNeeded(_ storage: Int, atMost rows: Int) -> Int {
    var needed = rows
    for index in tables.firstReader[storage]..<tables.firstReader[storage + 1] {
      let need = tables.readers[index]
      guard need.step >= first, need.step < first + count else { continue }
      let next = computed[need.step - first]
      if next < need.height { needed = min(needed, Int(tables.begins[need.first + next])) }
    }
    return needed
  }

  /// A step is about to write rows of a storage up to `rows`: they must end before the first row of another storage that
  /// it or a later turn reads.
  private mutating func follow(_ storage: Int, rows: Int) {
    for index in followers.indices where followers[index].written == storage {
      let (height, readBytes, writtenBytes) = followerRows[index]
      let needed = firstNeeded(followers[index].read, atMost: height)
      leads[index] = min(leads[index], needed * readBytes - rows * writtenBytes)
    }
  }
}
