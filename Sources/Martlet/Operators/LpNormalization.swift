import CShim

/// Each pixel divided by the norm of its channels: the root of the sum of squares, or the sum of magnitudes. A pixel of
/// zeros stays so. Input and output have one shape.
public enum LpNormalization: Operator {
  /// 28 in the file.
  public static var code: UInt32 { 28 }
  /// The name in reports.
  public static var kind: StaticString { "LpNormalization" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// 1 or 2.
    case order
    /// Clamp in the int8 domain.
    case low, high
    /// Float: 1 ÷ output scale.
    case factor
  }

  /// Parameters and shapes agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.factor.rawValue + 1)
    guard (1...2).contains(step.integer(Parameter.order)) else { throw step.fault(parameter: Parameter.order) }
    try step.requireClamp(low: Parameter.low, high: .high)
    try step.requireFactor(Parameter.factor, atMost: 4_194_304)
    guard step.input(0).hasShape(of: step.output) else { throw step.fault(.operand, 0) }
    try step.requireConstants()
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// True: a pixel's norm is known before it is written.
  public static func worksInPlace(input: Int) -> Bool { true }

  /// The same rows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    rows
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var rule = martlet_lp_normalization(
      order: step.integer(Parameter.order), input_zero_point: step.storedInputZeroPoint(0),
      factor: step.float(Parameter.factor), output: step.outputRule(low: Parameter.low, high: .high))
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_lp_normalization_rows(&rule, &input, &output, rows.lowerBound, rows.upperBound)
  }
}
