import Martlet
import Testing

/// Schedules and rings, honest and not.
@Suite struct ScheduleTests {
  /// x → 3-row maximum → y (a ring) → look-up → z, eight rows.
  private func streamed(ring: Int32 = 2, _ change: (inout ModelWriter) -> Void = { _ in }) -> ModelWriter {
    var writer = ModelWriter()
    let x = writer.tensor(8, 4, 8)
    let y = writer.tensor(8, 4, 8)
    let z = writer.tensor(8, 4, 8)
    writer.add(8, [x], y, table: (0..<256).map { UInt8(255 - $0) })
    writer.add(4, [y], z, [3, 1, 1, 1, 1, 1, 1, 0, 1, 0])
    writer.tensors[y].rowsHeld = ring
    writer.inputs = [UInt32(x)]
    writer.outputs = [UInt32(z)]
    writer.turns = [TurnRecord(operatorIndex: 0, firstRow: 0, rowCount: 1)]
    for row in 0..<8 as Range<Int32> {
      if row < 7 { writer.turns.append(TurnRecord(operatorIndex: 0, firstRow: row + 1, rowCount: 1)) }
      writer.turns.append(TurnRecord(operatorIndex: 1, firstRow: row, rowCount: 1))
    }
    change(&writer)
    return writer
  }

  private func refuses(_ code: Fault.Code, ring: Int32 = 3, _ change: (inout ModelWriter) -> Void) {
    #expect(fault(verifying: streamed(ring: ring, change).bytes())?.code == code)
  }

  @Test func aRingOfThreeRowsServesAWindowOfThree() {
    #expect(fault(verifying: streamed(ring: 3).bytes()) == nil)
    let whole = streamed(ring: 8) { $0.turns = [] }
    #expect(outputIfAccepted(streamed(ring: 3).bytes()) == outputIfAccepted(whole.bytes()))
    #expect(outputIfAccepted(whole.bytes()) != nil)
  }

  @Test func aRingOfTooFewRowsIsRefused() {
    for ring in 1...2 as ClosedRange<Int32> { #expect(fault(verifying: streamed(ring: ring).bytes()) != nil) }
  }

  @Test func impossibleRings() {
    refuses(.tensor) { $0.tensors[1].rowsHeld = 0 }
    refuses(.tensor) { $0.tensors[1].rowsHeld = -1 }
    refuses(.tensor) { $0.tensors[1].rowsHeld = 9 }
    refuses(.tensor) { $0.turns = [] }
    refuses(.tensor) { $0.tensors[0].rowsHeld = 7 }
    refuses(.operand) { $0.tensors[2].rowsHeld = 7 }
  }

  @Test func rowsLeftOutRepeatedOrMixedUp() {
    refuses(.schedule) { $0.turns.removeLast() }
    refuses(.schedule) { $0.turns.append($0.turns[0]) }
    refuses(.schedule) { $0.turns[2].firstRow = 1 }
    refuses(.schedule) { $0.turns[0].rowCount = 0 }
    refuses(.schedule) { $0.turns[0].firstRow = -1 }
    refuses(.schedule) { $0.turns[0].firstRow = Int32.max }
    refuses(.schedule) { $0.turns[0].rowCount = 65535 }
    refuses(.schedule) { $0.turns[0].operatorIndex = 2 }
    refuses(.schedule) { $0.turns.append(TurnRecord(operatorIndex: TurnRecord.pushedInput, firstRow: 0, rowCount: 1)) }
  }

  @Test func rowsReadTooEarlyOrTooLate() {
    // The window's turn before the row that it needs: a circle of needs has no order either.
    refuses(.operand) { $0.turns.swapAt(1, 2) }
    // All rows of y before the first is read: the ring has wrapped.
    refuses(.overlap) { writer in
      writer.turns = (0..<2).flatMap { index in
        (0..<8).map { TurnRecord(operatorIndex: UInt16(index), firstRow: $0, rowCount: 1) }
      }
    }
  }

  /// Rows that come in pairs: the second pair overwrites a row that is still needed.
  @Test func pairsOfRowsInATooSmallRing() {
    refuses(.overlap) { writer in
      writer.turns = [(0, 0, 2), (0, 2, 2), (1, 0, 2), (0, 4, 2), (1, 2, 2), (0, 6, 2), (1, 4, 2), (1, 6, 2)].map {
        TurnRecord(operatorIndex: UInt16($0.0), firstRow: Int32($0.1), rowCount: UInt16($0.2))
      }
    }
  }

  /// More turns than a proof may look at for every operator.
  @Test func tooManyTurnsForTooManyOperators() {
    var writer = streamed(ring: 3)
    writer.operators += [OperatorRecord](repeating: writer.operators[0], count: 1100)
    writer.turns = [TurnRecord](repeating: writer.turns[0], count: 1 << 17)
    #expect(fault(verifying: writer.bytes()) == Fault(.limit, detail: 1 << 17))
  }

  @Test func ringsThatOverlap() {
    refuses(.overlap) { $0.tensors[2].arenaOffset = $0.tensors[1].arenaOffset + 64 }
    refuses(.overlap) { $0.tensors[1].arenaOffset = $0.tensors[0].arenaOffset + 160 }
  }

  @Test func aTensorMayFollowAnotherOverRowsNoLongerNeeded() {
    // z over x, two rows behind: x's row r is read when z's row r − 1 is written.
    var writer = streamed(ring: 3)
    writer.tensors[2].arenaOffset = writer.tensors[0].arenaOffset
    #expect(fault(verifying: writer.bytes()) == nil)
    var early = streamed(ring: 3)
    early.tensors[0].arenaOffset += 64
    early.tensors[2].arenaOffset = early.tensors[0].arenaOffset + 64
    early.tensors[1].arenaOffset = UInt32(early.arenaBytes)
    early.arenaBytes += 320
    #expect(fault(verifying: early.bytes())?.code == .overlap)
  }

  /// The proof of a plan ends, however long the schedule is.
  @Test func hugeSchedulesAreRefusedOrAcceptedQuickly() {
    var writer = ModelWriter()
    let tensors = (0..<60).map { _ in writer.tensor(2000, 1, 1) }
    for index in 1..<60 { writer.add(8, [tensors[0]], tensors[index], table: (0..<256).map { UInt8($0) }) }
    writer.inputs = [0]
    writer.outputs = [59]
    for row in 0..<2000 as Range<Int32> {
      for index in 0..<59 as Range<UInt16> {
        writer.turns.append(TurnRecord(operatorIndex: index, firstRow: row, rowCount: 1))
      }
    }
    #expect(fault(verifying: writer.bytes())?.code == .limit)
  }

  /// The streamed network with one row of its input at a time, pushed.
  private func pushed() -> ModelWriter {
    streamed(ring: 3) { writer in
      writer.tensors[0].rowsHeld = 1
      var turns: [TurnRecord] = []
      for turn in writer.turns {
        if turn.operatorIndex == 0 {
          turns.append(TurnRecord(operatorIndex: TurnRecord.pushedInput, firstRow: turn.firstRow, rowCount: 1))
        }
        turns.append(turn)
      }
      writer.turns = turns
    }
  }

  @Test func pushedRows() throws {
    let writer = pushed()
    let memory = GuardedMemory(copying: writer.bytes())
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    var session = try Session(model, arena: arena.bytes)
    let takesRows = session.takesRows
    #expect(takesRows)
    let whole = [Int8](repeating: 0, count: 256)
    var refusal: Fault?
    do throws(Fault) { try session.setInput(whole.span) } catch { refusal = error }
    #expect(refusal?.code == .inputOutput)
    for _ in 0..<2 {
      for row in 0..<8 {
        let values = (0..<32).map { Int8(truncatingIfNeeded: row * 32 + $0) }
        let isComplete = try session.push(row: values.span)
        #expect(isComplete == (row == 7))
      }
      var found = [Int8](repeating: 0, count: 256)
      var span = found.mutableSpan
      try session.copyOutput(into: &span)
      // 255 − stored, then the largest of the rows above, here and below.
      for row in 0..<8 {
        for place in 0..<32 {
          let rows = max(0, row - 1)...min(7, row + 1)
          let stored = rows.map { 255 - ((($0 * 32 + place) & 255) ^ 0x80) }.max()!
          #expect(found[row * 32 + place] == Int8(bitPattern: UInt8(stored) ^ 0x80))
        }
      }
    }
    let short: [Int8] = [1]
    do throws(Fault) { try session.push(row: short.span) } catch { refusal = error }
    #expect(refusal == Fault(.inputOutput, detail: 32))
  }
}
