import CShim

/// The product of two int16 tensors. Each has the output's shape, or is broadcast: 1×1 over space, one channel over
/// channels.
public enum MultiplyInt16: Operator {
  /// 44 in the file.
  public static var code: UInt32 { 44 }
  /// The name in reports.
  public static var kind: StaticString { "MultiplyInt16" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Clamp.
    case low, high
    /// scale of a · scale of b ÷ output scale, as multiplier · 2^−shift.
    case multiplier, shift
  }

  /// int16 in and out.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) { try step.requireElements(.int16) }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(2...2)
    try step.requireParameters(count: Parameter.shift.rawValue + 1)
    try step.requireInt16Clamp(low: Parameter.low, high: .high)
    try step.requireFactor(multiplier: Parameter.multiplier, shift: .shift)
    try step.requireBroadcast(0)
    try step.requireBroadcast(1)
    try step.requireConstants()
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
    var rule = martlet_int16_multiplication(
      factor: step.factor(multiplier: Parameter.multiplier, shift: .shift), low: step.integer(Parameter.low),
      high: step.integer(Parameter.high))
    var a = step.inputRows(0)
    var b = step.inputRows(1)
    var output = step.outputRows
    martlet_int16_multiply_rows(&rule, &a, &b, &output, rows.lowerBound, rows.upperBound)
  }
}
