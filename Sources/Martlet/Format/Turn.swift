/// One entry of the order in which a model runs: rows of an operator's output, or of the first input that the caller gives.
public struct Turn: Equatable, Sendable {
  /// The operator; nil: rows that the caller pushes.
  public let operatorIndex: Int?
  /// The rows, never empty.
  public let rows: Range<Int32>
}

extension ModelView {
  /// The operator of a turn, or −1 for pushed rows.
  #if hasFeature(Embedded)
    @inline(never)
  #endif
  func operatorIndex(ofTurn number: Int) -> Int {
    guard hasSchedule else { return number }
    let index = schedule[number].operatorIndex
    return index == TurnRecord.pushedInput ? -1 : Int(index)
  }

  /// The rows of a turn.
  #if hasFeature(Embedded)
    @inline(never)
  #endif
  func rows(ofTurn number: Int) -> Range<Int32> {
    guard hasSchedule else {
      return Range(uncheckedBounds: (0, tensors[Int(truncatingIfNeeded: operators[number].output)].height))
    }
    let first = schedule[number].firstRow
    return Range(uncheckedBounds: (first, first &+ Int32(schedule[number].rowCount)))
  }

  /// The tensor that a turn writes.
  #if hasFeature(Embedded)
    @inline(never)
  #endif
  func output(ofTurn number: Int) -> Int {
    let index = operatorIndex(ofTurn: number)
    return index < 0 ? inputTensor(0) : Int(truncatingIfNeeded: operators[index].output)
  }

  /// Whether the caller gives the first input row by row.
  var takesRows: Bool {
    guard hasSchedule else { return false }
    for number in 0..<turnCount where schedule[number].operatorIndex == TurnRecord.pushedInput { return true }
    return false
  }
}

extension Verified {
  /// Number of turns in one run.
  public var turnCount: Int { view.turnCount }

  /// Turn number `number`.
  public func turn(_ number: Int) -> Turn {
    precondition((0..<turnCount).contains(number))
    let index = view.operatorIndex(ofTurn: number)
    return Turn(operatorIndex: index < 0 ? nil : index, rows: view.rows(ofTurn: number))
  }

  /// Whether the caller gives the first input row by row (`Session.push`).
  public var takesRows: Bool { view.takesRows }
}
