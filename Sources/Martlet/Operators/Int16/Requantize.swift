import CShim

/// The same real values under another quantization: int8 or int16 in, int8, int16 or int32 out. (From int8 to int8
/// `Activation` does it through a table.) Any zero points.
public enum Requantize: Operator {
  /// 49 in the file.
  public static var code: UInt32 { 49 }
  /// The name in reports.
  public static var kind: StaticString { "Requantize" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Input scale ÷ output scale, as multiplier · 2^−shift.
    case multiplier, shift
  }

  /// int8 or int16 in, anything out.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) {
    guard step.inputCount == 1, step.input(0).element != .int32 else { throw step.fault(.operand, 0) }
  }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.shift.rawValue + 1)
    try step.requireFactor(multiplier: Parameter.multiplier, shift: .shift)
    guard step.input(0).hasShape(of: step.output) else { throw step.fault(.operand, 0) }
    try step.requireConstants()
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// The same rows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    rows
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var rule = martlet_requantization(
      input_bytes: step.input(0).elementBytes, output_bytes: step.output.elementBytes,
      input_zero_point: step.input(0).zeroPoint, output_zero_point: step.output.zeroPoint,
      factor: step.factor(multiplier: Parameter.multiplier, shift: .shift))
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_requantize_rows(&rule, &input, &output, rows.lowerBound, rows.upperBound)
  }
}
