import CShim

/// The operator set that knows nothing: where a list begins.
public enum Empty: OperatorSet {
  /// This set and one operator more.
  public typealias And<New: Operator> = With<New, Empty>

  /// Refuses every code.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    throw Fault(.unknownOperator, index: step.index, detail: Int(truncatingIfNeeded: step.code))
  }

  /// 0.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// False.
  public static func worksInPlace(_ step: borrowing Step, input: Int) -> Bool { false }

  /// Single rows.
  public static func grain(_ step: borrowing Step) -> Grain { Grain() }

  /// All rows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    0..<step.input(input).height
  }

  /// Nothing: the Verifier lets no such code through.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {}

  /// Nil.
  public static func kind(of code: UInt32) -> StaticString? { nil }
}

/// An operator set: `Head` and whatever `Tail` knows.
public enum With<Head: Operator, Tail: OperatorSet>: OperatorSet {
  /// This set and one operator more.
  public typealias And<New: Operator> = With<New, With<Head, Tail>>

  /// Verifies with the operator of the record's code.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    guard step.code == Head.code else { return try Tail.verify(step) }
    try Head.verifyElements(step)
    try Head.verify(step)
  }

  /// Scratch bytes of the operator of the record's code.
  public static func scratchBytes(_ step: borrowing Step) -> Int {
    step.code == Head.code ? Head.scratchBytes(step) : Tail.scratchBytes(step)
  }

  /// Whether the operator of the record's code may write its output over that input.
  public static func worksInPlace(_ step: borrowing Step, input: Int) -> Bool {
    step.code == Head.code ? Head.worksInPlace(input: input) : Tail.worksInPlace(step, input: input)
  }

  /// What of the output of the record's operator is best computed together.
  public static func grain(_ step: borrowing Step) -> Grain {
    step.code == Head.code ? Head.grain(step) : Tail.grain(step)
  }

  /// The rows of an input that rows of the output of the record's operator need.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    step.code == Head.code
      ? Head.rowsNeeded(step, ofInput: input, for: rows) : Tail.rowsNeeded(step, ofInput: input, for: rows)
  }

  /// Runs the operator of the record's code.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    if step.code == Head.code {
      Head.run(step, rows: rows, kernels: kernels)
    } else {
      Tail.run(step, rows: rows, kernels: kernels)
    }
  }

  /// The name of a code, or nil when the set lacks it.
  public static func kind(of code: UInt32) -> StaticString? {
    code == Head.code ? Head.kind : Tail.kind(of: code)
  }
}

extension OperatorSet {
  /// Scratch bytes of a record that is not in a file yet: what a planner asks. The record's operand indices and constants
  /// are not read; `inputs` are its input tensors in order. Shapes must already be those of a valid operator.
  public static func scratchBytes(_ record: OperatorRecord, inputs: Span<TensorRecord>, output: TensorRecord) -> Int {
    withUnsafePointer(to: record) { record in
      withUnsafePointer(to: output) { output in
        inputs.withUnsafeBufferPointer { inputs in
          guard let first = inputs.baseAddress else { return 0 }
          return scratchBytes(Step(record: record, inputs: first, output: output))
        }
      }
    }
  }

  /// The rows of input number `input` that output rows `rows` need, for a record that is not in a file yet. `table`: the
  /// operator's look-up table.
  public static func rowsNeeded(
    _ record: OperatorRecord, inputs: Span<TensorRecord>, output: TensorRecord, table: Span<UInt8>, ofInput input: Int,
    for rows: Range<Int32>
  ) -> Range<Int32> {
    var record = record
    record.table.offset = 0
    return withUnsafePointer(to: record) { record in
      withUnsafePointer(to: output) { output in
        inputs.withUnsafeBufferPointer { inputs in
          table.withUnsafeBufferPointer { table in
            guard let first = inputs.baseAddress else { return 0..<0 }
            let step = Step(
              record: record, inputs: first, output: output, table: UnsafeRawPointer(table.baseAddress))
            return rowsNeeded(step, ofInput: input, for: rows)
          }
        }
      }
    }
  }

  /// Whether an operator of this code may write its output over its input number `input`, when both tensors have the
  /// same shape and pitches.
  public static func worksInPlace(code: UInt32, input: Int) -> Bool {
    var record = OperatorRecord()
    record.code = code
    let tensor = TensorRecord()
    return withUnsafePointer(to: record) { record in
      withUnsafePointer(to: tensor) { tensor in
        worksInPlace(Step(record: record, inputs: tensor, output: tensor), input: input)
      }
    }
  }
}
