import CShim

/// The smaller of two tensors. Each has the output's shape, or is broadcast: 1×1 over space, one channel over channels.
///
/// Tables of 256 bytes: from a's quantization to the output's turned upside down (255 − stored), likewise from b's, and
/// the one that turns the result back. So min(a, b) = turn(max(tableA[a], tableB[b])), as `Maximum` computes it.
public enum Minimum: Operator {
  /// 15 in the file.
  public static var code: UInt32 { 15 }
  /// The name in reports.
  public static var kind: StaticString { "Minimum" }

  /// Shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) { try Maximum.verify(step, tables: 3) }

  /// A row of each operand.
  public static func scratchBytes(_ step: borrowing Step) -> Int { Maximum.scratchBytes(step) }

  /// True for both operands: a row is read whole before it is written.
  public static func worksInPlace(input: Int) -> Bool { true }

  /// The same rows, or the one row of an operand that is broadcast.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    step.broadcastRows(ofInput: input, for: rows)
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    Maximum.run(step, rows: rows, kernels: kernels)
    guard let table = step.table else { return }
    var output = step.outputRows
    martlet_look_up_rows(kernels, table + 512, &output, &output, rows.lowerBound, rows.upperBound)
  }
}
