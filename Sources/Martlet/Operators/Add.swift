import CShim

/// The sum of two tensors. Each has the output's shape, or is broadcast: 1×1 over space, one channel over channels.
public enum Add: Operator {
  /// 6 in the file.
  public static var code: UInt32 { 6 }
  /// The name in reports.
  public static var kind: StaticString { "Add" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Clamp in the int8 domain.
    case low, high
    /// Floats: the operand's scale ÷ output scale.
    case factorA, factorB
    /// 0, or 13…30: then the factors are whole numbers up to 2^21, and the sum is shifted right by so many bits.
    case shift
  }

  /// Parameters, shapes and constants agree, and no accumulator overflows.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requirePair()
    try step.requireParameters(count: Parameter.shift.rawValue + 1)
    try step.requireClamp(low: Parameter.low, high: .high)
    try step.requireSumFactors(Parameter.factorA, Parameter.factorB, shift: Parameter.shift)
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
    run(step, sign: 1, rows: rows, kernels: kernels)
  }

  /// a + sign · b; the sign is 1 or −1.
  static func run(
    _ step: borrowing Step, sign: Int32, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>
  ) {
    if step.integer(Parameter.shift) != 0 {
      return step.addInFixedPoint(
        Parameter.factorA, Parameter.factorB, sign: sign, shift: Parameter.shift,
        output: step.outputRule(low: Parameter.low, high: .high), rows: rows, kernels: kernels)
    }
    let factor = step.float(Parameter.factorB)
    var rule = martlet_addition(
      zero_point_a: step.storedInputZeroPoint(0), zero_point_b: step.storedInputZeroPoint(1),
      factor_a: step.float(Parameter.factorA), factor_b: sign < 0 ? -factor : factor,
      output: step.outputRule(low: Parameter.low, high: .high))
    var a = step.inputRows(0)
    var b = step.inputRows(1)
    var output = step.outputRows
    martlet_add_rows(kernels, &rule, &a, &b, &output, rows.lowerBound, rows.upperBound)
  }
}
