import CShim

/// The quotient of two tensors. Each has the output's shape, or is broadcast: 1×1 over space, one channel over channels.
///
/// Table: 256 float32, for each stored byte of b the factor scale of a ÷ (output scale · b's real value). The result is
/// (a − zero point) · factor[b], a float32 product rounded once.
public enum Divide: Operator {
  /// 21 in the file.
  public static var code: UInt32 { 21 }
  /// The name in reports.
  public static var kind: StaticString { "Divide" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Clamp in the int8 domain.
    case low, high
  }

  /// Parameters, shapes and constants agree, and every factor is of a reasonable size.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requirePair()
    try step.requireParameters(count: Parameter.high.rawValue + 1)
    try step.requireClamp(low: Parameter.low, high: .high)
    try step.requireConstants(table: 1024)
    try step.requireTableFloats(count: 256, in: -1_048_576...1_048_576)
  }

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
    var rule = martlet_division(
      zero_point_a: step.storedInputZeroPoint(0), factors: step.tableFloats(),
      output: step.outputRule(low: Parameter.low, high: .high))
    var a = step.inputRows(0)
    var b = step.inputRows(1)
    var output = step.outputRows
    martlet_divide_rows(&rule, &a, &b, &output, rows.lowerBound, rows.upperBound)
  }
}
