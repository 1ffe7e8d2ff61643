/// Some rows of a step's output, or of the pushed input (step −1), computed in one turn.
struct PlannedTurn: Equatable {
  var step: Int
  var rows: Range<Int>
}

/// A group of adjacent steps that advance by a few rows at a time, simulated: the turns, and the rows that each tensor
/// between them must hold.
///
/// The steps that nothing in the group reads ask for their next rows; each step asks the ones before it for exactly the
/// rows that it lacks. So nothing is computed earlier than needed, nothing twice, and every tensor holds as few rows as
/// its readers allow.
struct RowStream {
  private let network: RowNetwork
  private let steps: Range<Int>
  private let pushesInput: Bool
  /// Most rows a turn, of each step; last, of the pushed input.
  private let rowsAtMost: [Int]
  private var computed: [Int]
  private(set) var turns: [PlannedTurn] = []
  /// The most rows that each storage written in the group held at a time.
  private(set) var rowsHeld: [Int: Int] = [:]
  /// For each of `followers`: where the written storage may begin at most, in bytes from the beginning of the one read, so
  /// that no row is written over a row that is still to be read.
  private(set) var leads: [Int]
  private let followers: [Follower]

  /// - Parameters:
  ///   - pixels: each turn computes rows of about so many pixels, at least one row; nil: all rows.
  ///   - pushesInput: whether the group begins with rows of the network's first input, given by the caller.
  ///   - followers: storages that the group writes while it reads others for the last time.
  init(_ network: RowNetwork, steps: Range<Int>, pixels: Int?, pushesInput: Bool, followers: [Follower] = []) {
    self.network = network
    self.followers = followers
    leads = followers.map { network.storages[$0.read].bytes }
    self.steps = steps
    self.pushesInput = pushesInput
    let input = network.storages[network.firstInput]
    rowsAtMost =
      steps.map { index in
        let step = network.steps[index]
        if network.needsAllRows(index) { return min(65535, step.height) }
        return min(65535, pixels.map { max(1, $0 / step.width) } ?? step.height)
      } + [min(65535, pixels == nil ? input.height : 1)]
    computed = Array(repeating: 0, count: steps.count + 1)
    let last = steps.filter { index in
      !network.storages[network.steps[index].output].readers.contains { steps.contains($0.step) }
    }
    while let next = last.filter({ computed[slot($0)] < height($0) }).min(by: { progress($0) < progress($1) }) {
      compute(next)
    }
    // Rows that nothing reads, as below the last window of a pooling.
    if pushesInput { demand(network.firstInput, rows: input.height) }
    for step in steps { while computed[slot(step)] < height(step) { compute(step) } }
  }

  private func slot(_ step: Int) -> Int { step < 0 ? steps.count : step - steps.lowerBound }

  private func height(_ step: Int) -> Int {
    step < 0 ? network.storages[network.firstInput].height : network.steps[step].height
  }

  private func progress(_ step: Int) -> Double { Double(computed[slot(step)]) / Double(height(step)) }

  /// The steps of the group that write a storage.
  private func writers(_ storage: Int) -> [Int] {
    if pushesInput, storage == network.firstInput { return [-1] }
    return network.storages[storage].writers.filter(steps.contains)
  }

  private mutating func demand(_ storage: Int, rows: Int) {
    for writer in writers(storage) {
      while computed[slot(writer)] < rows { compute(writer, upTo: rows) }
    }
  }

  /// The next turn of a step, after those of the steps that it reads.
  private mutating func compute(_ step: Int, upTo end: Int = Int.max) {
    let first = computed[slot(step)]
    let next = min(end, height(step), first + rowsAtMost[slot(step)])
    if step >= 0 {
      for (storage, reader) in network.steps[step].operands {
        demand(storage, rows: network.storages[storage].readers[reader].ends[next - 1])
      }
    }
    turns.append(PlannedTurn(step: step, rows: first..<next))
    if step >= 0 { follow(network.steps[step].output, rows: next) }
    computed[slot(step)] = next
    hold(step < 0 ? network.firstInput : network.steps[step].output, rows: next, writer: step)
  }

  /// A step wrote rows of a storage up to `rows`: all from the first one that is still needed are held.
  private mutating func hold(_ storage: Int, rows: Int, writer: Int) {
    var needed = rows
    for reader in network.storages[storage].readers where steps.contains(reader.step) {
      let next = computed[slot(reader.step)]
      if next < reader.begins.count { needed = min(needed, reader.begins[next]) }
    }
    let turnRows = turns.last.map { $0.rows.count } ?? 0
    rowsHeld[storage] = max(rowsHeld[storage] ?? 1, rows - needed, turnRows)
  }

  /// A step is about to write rows of a storage up to `rows`: they must end before the first row of another storage that
  /// it or a later turn reads.
  private mutating func follow(_ storage: Int, rows: Int) {
    for (index, follower) in followers.enumerated() where follower.written == storage {
      let read = network.storages[follower.read]
      var needed = read.height
      for reader in read.readers where steps.contains(reader.step) {
        let next = computed[slot(reader.step)]
        if next < reader.begins.count { needed = min(needed, reader.begins[next]) }
      }
      leads[index] = min(leads[index], needed * read.rowBytes - rows * network.storages[storage].rowBytes)
    }
  }
}

/// A storage that is written over the rows of another one that are no longer needed.
struct Follower: Equatable {
  var written: Int
  var read: Int
}
