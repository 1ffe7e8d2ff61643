/// The schedule: every operator computes each of its rows once, from the first to the last, and no more at a time than
/// its output has room for.
enum ScheduleCheck {
  static func verify(_ view: borrowing ModelView) throws(Fault) {
    guard view.hasSchedule else { return }
    guard view.turnCount &* (view.operatorCount &+ 1) <= Limits.planSteps else {
      throw Fault(.limit, detail: view.turnCount)
    }
    for number in 0..<view.turnCount {
      let index = view.operatorIndex(ofTurn: number)
      guard index < view.operatorCount else { throw Fault(.schedule, index: index, detail: number) }
    }
    for index in 0..<view.operatorCount {
      let output = view.tensors + Int(truncatingIfNeeded: view.operators[index].output)
      let computed = try rows(view, of: UInt16(truncatingIfNeeded: index), output)
      guard computed == output.pointee.height else { throw Fault(.schedule, index: index) }
    }
    let input = view.tensors + view.inputTensor(0)
    let pushed = try rows(view, of: TurnRecord.pushedInput, input)
    guard pushed == 0 || pushed == input.pointee.height else { throw Fault(.schedule) }
  }

  /// How many rows the turns of an operator compute, which must follow each other.
  @inline(never)
  private static func rows(
    _ view: borrowing ModelView, of index: UInt16, _ output: UnsafePointer<TensorRecord>
  ) throws(Fault) -> Int32 {
    var next: Int32 = 0
    for number in 0..<view.turnCount where view.schedule[number].operatorIndex == index {
      let record = view.schedule[number]
      let count = Int32(record.rowCount)
      guard record.firstRow == next, count >= 1, count <= output.pointee.rowsHeld,
        count <= output.pointee.height &- next
      else {
        throw Fault(.schedule, index: Int(index), detail: number)
      }
      next &+= count
    }
    return next
  }
}
