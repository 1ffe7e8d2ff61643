import Martlet

/// Which buffers of a packed model's arena hold something when, from its records alone. Time goes by turns.
struct MemoryMap {
  /// A tensor (or the ring that it is kept in), or the scratch of an operator.
  struct Buffer {
    var name: String
    var detail: String
    var isScratch: Bool
    /// Bytes of the arena from the first to one past the last.
    var bytes: Range<Int>
    /// From the turn that writes it first to the one that reads it last.
    var turns: ClosedRange<Int>
  }

  let buffers: [Buffer]
  let turnCount: Int
  let arenaBytes: Int
  /// For each turn, the bytes of the arena that hold something.
  let liveBytes: [Int]

  /// The turn with most live bytes.
  var peakTurn: Int { liveBytes.indices.max { liveBytes[$0] < liveBytes[$1] } ?? 0 }

  /// What is alive during the peak, largest first.
  var peakBuffers: [Buffer] {
    buffers.filter { $0.turns.contains(peakTurn) }.sorted { ($1.bytes.count, $0.name) < ($0.bytes.count, $1.name) }
  }

  init(_ model: borrowing Verified<Every>) {
    turnCount = model.turnCount
    arenaBytes = model.arenaBytes
    var spans: [Int: ClosedRange<Int>] = [:]
    var scratchSpans: [Int: ClosedRange<Int>] = [:]
    func touch(_ spans: inout [Int: ClosedRange<Int>], _ key: Int, _ turn: Int) {
      let old = spans[key] ?? turn...turn
      spans[key] = min(old.lowerBound, turn)...max(old.upperBound, turn)
    }
    for position in 0..<model.inputCount where position > 0 || !model.takesRows {
      touch(&spans, model.inputTensor(position), 0)
    }
    for number in 0..<turnCount {
      guard let index = model.turn(number).operatorIndex else {
        touch(&spans, model.inputTensor(0), number)
        continue
      }
      let record = model.operatorRecord(index)
      touch(&spans, Int(record.output), number)
      for position in 0..<Int(record.inputCount) {
        touch(&spans, model.inputTensor(ofOperator: index, position), number)
      }
      if record.scratchBytes > 0 { touch(&scratchSpans, index, number) }
    }
    for position in 0..<model.outputCount { touch(&spans, model.outputTensor(position), max(0, turnCount - 1)) }
    var found: [Buffer] = []
    for (index, turns) in spans.sorted(by: { $0.key < $1.key }) {
      let tensor = model.tensor(index)
      let first = Int(tensor.arenaOffset)
      let rowBytes = (Int(tensor.width) - 1) * Int(tensor.pixelPitchBytes) + Int(tensor.channels * tensor.elementBytes)
      let bytes = (Int(tensor.rowsHeld) - 1) * Int(tensor.rowPitchBytes) + rowBytes
      let rows = tensor.rowsHeld == tensor.height ? "" : ", \(tensor.rowsHeld) of \(tensor.height) rows"
      found.append(
        Buffer(
          name: String(model.name(tensor.name)),
          detail: "\(tensor.height)×\(tensor.width)×\(tensor.channels)\(rows)", isScratch: false,
          bytes: first..<first + bytes, turns: turns))
    }
    for (index, turns) in scratchSpans.sorted(by: { $0.key < $1.key }) {
      let record = model.operatorRecord(index)
      let first = Int(record.scratchOffset)
      found.append(
        Buffer(
          name: String(model.name(record.name)), detail: "scratch", isScratch: true,
          bytes: first..<first + Int(record.scratchBytes), turns: turns))
    }
    buffers = found
    liveBytes = MemoryMap.liveBytes(found, turnCount: turnCount)
  }

  /// Bytes that some buffer covers, turn by turn; where two share bytes they count once.
  private static func liveBytes(_ buffers: [Buffer], turnCount: Int) -> [Int] {
    let ordered = buffers.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
    return (0..<turnCount).map { turn in
      var (end, sum) = (0, 0)
      for buffer in ordered where buffer.turns.contains(turn) {
        sum += max(0, buffer.bytes.upperBound - max(end, buffer.bytes.lowerBound))
        end = max(end, buffer.bytes.upperBound)
      }
      return sum
    }
  }
}
