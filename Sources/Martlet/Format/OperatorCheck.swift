/// Operator records: operands, constants, scratch, and what each operator asks of its own parameters.
enum OperatorCheck<Operators: OperatorSet> {
  static func verify(_ view: borrowing ModelView) throws(Fault) {
    for index in 0..<view.operatorCount {
      let record = view.operators + index
      try verifyOperands(view, record, index)
      try verifyConstants(view, record, index)
      guard record.pointee.flags == 0 else { throw Fault(.parameter, index: index, detail: 32) }
      let step = Step(model: view, index: index, arena: nil)
      try Operators.verify(step)
      let needed = Operators.scratchBytes(step)
      let end = Wide.of(record.pointee.scratchOffset) + Wide.of(record.pointee.scratchBytes)
      guard record.pointee.scratchOffset % 64 == 0, end <= Wide.of(view.arenaBytes),
        needed >= 0, needed <= Int(truncatingIfNeeded: record.pointee.scratchBytes)
      else { throw Fault(.scratch, index: index, detail: needed) }
    }
    for position in 0..<view.inputCount {
      let tensor = view.inputTensor(position)
      guard tensor < view.tensorCount else { throw Fault(.operand, detail: position) }
      guard view.tensors[tensor].element != .int32 else { throw Fault(.tensor, index: tensor) }
    }
    for position in 0..<view.outputCount where view.outputTensor(position) >= view.tensorCount {
      throw Fault(.operand, detail: position)
    }
  }

  /// Indices in range. (That inputs are computed before they are read, `PlanCheck` proves.)
  private static func verifyOperands(_ view: borrowing ModelView, _ record: UnsafePointer<OperatorRecord>, _ index: Int)
    throws(Fault)
  {
    let end = Wide.of(record.pointee.firstInput) + Wide.of(record.pointee.inputCount)
    guard record.pointee.inputCount <= UInt32(truncatingIfNeeded: Limits.inputsPerOperator),
      end <= Wide.of(view.operandCount),
      Wide.of(record.pointee.output) < Wide.of(view.tensorCount)
    else { throw Fault(.operand, index: index) }
    let first = Int(truncatingIfNeeded: record.pointee.firstInput)
    for position in first..<first + Int(truncatingIfNeeded: record.pointee.inputCount)
    where Wide.of(view.operands[position]) >= Wide.of(view.tensorCount) {
      throw Fault(.operand, index: index, detail: position - first)
    }
  }

  /// Constants in their sections, aligned.
  private static func verifyConstants(
    _ view: borrowing ModelView, _ record: UnsafePointer<OperatorRecord>, _ index: Int
  )
    throws(Fault)
  {
    try verifyConstant(view, record.pointee.weights, .weights, index)
    try verifyConstant(view, record.pointee.channels, .channels, index)
    try verifyConstant(view, record.pointee.table, .tables, index)
  }

  private static func verifyConstant(_ view: borrowing ModelView, _ extent: Extent, _ section: Section, _ index: Int)
    throws(Fault)
  {
    guard extent.offset % 64 == 0, extent.end <= Wide.of(view.header.pointee[section].bytes) else {
      throw Fault(.constant, index: index, detail: section.rawValue)
    }
  }
}
