/// The memory plan: each operator finds in its inputs what was meant for them, and destroys nothing that it reads.
///
/// The rule: going back in time from a read of some rows, the last write that touches their bytes is that of these rows
/// themselves. A tensor that nothing computes is a view (a reshape, or the whole of which others are parts): see `ViewCheck`.
/// Time goes in turns: of whole operators, or of some rows each.
///
/// Each read walks back to its write, usually a few turns: linear in practice. All walks together never take more than
/// `Limits.planSteps` short steps, a fraction of a second on a desktop processor; a plan that needs more is refused.
enum PlanCheck<Operators: OperatorSet> {
  static func verify(_ view: borrowing ModelView) throws(Fault) {
    try StateCheck.verify(view)
    var walk = Walk(takesRows: view.takesRows)
    for number in 0..<view.turnCount {
      let index = view.operatorIndex(ofTurn: number)
      if index < 0 { continue }
      let step = Step(model: view, index: index, arena: nil)
      let rows = view.rows(ofTurn: number)
      try verifyOwnBuffers(step, Stretch(scratchOf: view.operators + index), rows)
      for position in 0..<step.inputCount {
        let needed = rowsNeeded(step, ofInput: position, for: rows)
        try verifyRead(
          view, tensor: step.tensorIndex(ofInput: position), rows: needed, before: number, &walk)
      }
    }
    for position in 0..<view.outputCount {
      let tensor = view.outputTensor(position)
      let rows = 0..<view.tensors[tensor].height
      try verifyRead(view, tensor: tensor, rows: rows, before: view.turnCount, &walk)
    }
    try verifyInputs(view, takesRows: walk.takesRows)
  }

  /// Once, not at every use: it holds the code of every operator in the set.
  @inline(never)
  private static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    Operators.rowsNeeded(step, ofInput: input, for: rows)
  }

  /// What all walks share.
  private struct Walk {
    /// Whether turns, not the caller before the run, write the first input.
    let takesRows: Bool
    var stepsLeft = Limits.planSteps
  }

  /// Inputs do not overlap each other, and nothing computes them. Only the first may be pushed into a ring.
  private static func verifyInputs(_ view: borrowing ModelView, takesRows: Bool) throws(Fault) {
    for position in 0..<view.inputCount {
      let tensor = view.inputTensor(position)
      let record = view.tensors + tensor
      guard record.pointee.rowsHeld == record.pointee.height || (takesRows && position == 0) else {
        throw Fault(.tensor, index: tensor)
      }
      for other in 0..<position where mayShare(view.tensors + tensor, view.tensors + view.inputTensor(other)) {
        throw Fault(.overlap, detail: position)
      }
      for index in 0..<view.operatorCount where Int(truncatingIfNeeded: view.operators[index].output) == tensor {
        throw Fault(.operand, index: index, detail: position)
      }
    }
  }

  /// Within one turn: scratch touches neither inputs nor output; the rows written touch rows read only where the operator
  /// works in place.
  private static func verifyOwnBuffers(_ step: borrowing Step, _ scratch: Stretch, _ rows: Range<Int32>) throws(Fault) {
    let output = step.outputTensor
    guard !scratch.meets(Stretch(output)) else { throw Fault(.overlap, index: step.index) }
    let written = RowStretches(output, rows)
    for position in 0..<step.inputCount {
      let input = step.inputTensor(position)
      guard !scratch.meets(Stretch(input)) else { throw Fault(.overlap, index: step.index) }
      guard mayShare(input, output) else { continue }
      let needed = rowsNeeded(step, ofInput: position, for: rows)
      if needed.isEmpty || !RowStretches(input, needed).meets(written) { continue }
      guard input.pointee.coincides(with: output), Operators.worksInPlace(step, input: position) else {
        throw Fault(.overlap, index: step.index, detail: position)
      }
    }
  }

  /// What lies in rows of `tensor` when turn `end` is about to run is what was meant.
  @inline(never)
  private static func verifyRead(
    _ view: borrowing ModelView, tensor: Int, rows: Range<Int32>, before end: Int, _ walk: inout Walk
  ) throws(Fault) {
    guard !rows.isEmpty else { return }
    let record = view.tensors + tensor
    if record.pointee.isState { return }
    let place = end < view.turnCount ? view.operatorIndex(ofTurn: end) : view.operatorCount
    guard rows.upperBound &- rows.lowerBound <= record.pointee.rowsHeld else {
      throw Fault(.operand, index: place, detail: tensor)
    }
    var missing = RowStretches(record, rows)
    var missingEnd = rows.upperBound
    // The latest turn that wrote something else over what is missing.
    var intruder = -1
    var number = end - 1
    while number >= 0 {
      walk.stepsLeft &-= 1
      guard walk.stepsLeft > 0 else { throw Fault(.limit, index: place, detail: Limits.planSteps) }
      let write = TurnWrite(view, number, over: record, missing)
      if write.output == tensor, write.rows.lowerBound < missingEnd, write.rows.upperBound >= missingEnd {
        guard intruder < 0 else { throw Fault(.overlap, index: view.operatorIndex(ofTurn: intruder)) }
        missingEnd = write.rows.lowerBound
        if missingEnd <= rows.lowerBound { return }
        missing = RowStretches(record, rows.lowerBound..<missingEnd)
        if write.scratchTouches || write.rows.upperBound &- record.pointee.rowsHeld > rows.lowerBound {
          throw Fault(.overlap, index: write.writer)
        }
      } else if intruder < 0, write.touches {
        intruder = number
      }
      number &-= 1
    }
    // Turns compute rows from the first on (`ScheduleCheck`): above written rows, only what no tensor has is missing.
    guard missingEnd == rows.upperBound else { throw Fault(.operand, index: place, detail: tensor) }
    if isSetBefore(view, tensor, walk) {
      guard intruder < 0 else { throw Fault(.overlap, index: view.operatorIndex(ofTurn: intruder)) }
      return
    }
    var check = ViewCheck(tensor: record, rows: rows, place: place, stepsLeft: walk.stepsLeft)
    try check.verify(view, before: end, takesRows: walk.takesRows)
    walk.stepsLeft = check.stepsLeft
  }

  /// True for an input that holds all of its rows before the run.
  private static func isSetBefore(_ view: borrowing ModelView, _ tensor: Int, _ walk: Walk) -> Bool {
    for position in 0..<view.inputCount where view.inputTensor(position) == tensor {
      return position > 0 || !walk.takesRows
    }
    return false
  }
}

/// True when the two may share a byte. Side by side in the pixels of one wider tensor, they do not.
@inline(never)
func mayShare(_ first: UnsafePointer<TensorRecord>, _ second: UnsafePointer<TensorRecord>) -> Bool {
  guard Stretch(first).meets(Stretch(second)) else { return false }
  let pitch = first.pointee.pixelPitchBytes
  guard pitch == second.pointee.pixelPitchBytes, hasPixelGrid(first, pitch), hasPixelGrid(second, pitch) else {
    return true
  }
  let firstPlace = first.pointee.arenaOffset % pitch
  let secondPlace = second.pointee.arenaOffset % pitch
  let distance = secondPlace >= firstPlace ? secondPlace &- firstPlace : secondPlace &+ pitch &- firstPlace
  return distance < UInt32(bitPattern: first.pointee.pixelBytes)
    || distance &+ UInt32(bitPattern: second.pointee.pixelBytes) > pitch
}

/// Every pixel, also across rows, is a multiple of `pitch` from the first.
private func hasPixelGrid(_ tensor: UnsafePointer<TensorRecord>, _ pitch: UInt32) -> Bool {
  tensor.pointee.height == 1 || tensor.pointee.rowPitchBytes % pitch == 0
}
