import CShim

/// The product of two tensors. Each has the output's shape, or is broadcast: 1×1 over space, one channel over channels.
public enum Multiply: Operator {
  /// 7 in the file.
  public static var code: UInt32 { 7 }
  /// The name in reports.
  public static var kind: StaticString { "Multiply" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Clamp in the int8 domain.
    case low, high
    /// Float: scale of a × scale of b ÷ output scale.
    case factor
  }

  /// Parameters, shapes and constants agree, and no accumulator overflows.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requirePair()
    try step.requireParameters(count: Parameter.factor.rawValue + 1)
    try step.requireClamp(low: Parameter.low, high: .high)
    try step.requireFactor(Parameter.factor, atMost: 16_384)
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
    var rule = martlet_multiplication(
      zero_point_a: step.storedInputZeroPoint(0), zero_point_b: step.storedInputZeroPoint(1),
      factor: step.float(Parameter.factor), output: step.outputRule(low: Parameter.low, high: .high))
    var a = step.inputRows(0)
    var b = step.inputRows(1)
    var output = step.outputRows
    martlet_multiply_rows(kernels, &rule, &a, &b, &output, rows.lowerBound, rows.upperBound)
  }
}
