import CShim

/// The difference a − b of two tensors. Each has the output's shape, or is broadcast: 1×1 over space, one channel over
/// channels.
///
/// The rule is addition's with b's factor negative, so `add` of the kernel table computes it.
public enum Subtract: Operator {
  /// 16 in the file.
  public static var code: UInt32 { 16 }
  /// The name in reports.
  public static var kind: StaticString { "Subtract" }

  /// The parameters are those of addition.
  public typealias Parameter = Add.Parameter

  /// Parameters, shapes and constants agree, and no accumulator overflows.
  public static func verify(_ step: borrowing Step) throws(Fault) { try Add.verify(step) }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// True for both operands.
  public static func worksInPlace(input: Int) -> Bool { true }

  /// The same rows, or the one row of an operand that is broadcast.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    step.broadcastRows(ofInput: input, for: rows)
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    Add.run(step, sign: -1, rows: rows, kernels: kernels)
  }
}
