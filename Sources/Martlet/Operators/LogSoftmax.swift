import CShim

/// The logarithm of softmax over the channels of each pixel. Input and output have one shape.
///
/// Table: 256 exponentials as Softmax has them, then 256 float32 logarithms (see `martlet_log_softmax`).
public enum LogSoftmax: Operator {
  /// 20 in the file.
  public static var code: UInt32 { 20 }
  /// The name in reports.
  public static var kind: StaticString { "LogSoftmax" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Floats: input scale ÷ output scale, and ln 2 ÷ output scale.
    case factor, octave
  }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.octave.rawValue + 1)
    try step.requireFactor(Parameter.factor, atMost: 4_194_304)
    try step.requireFactor(Parameter.octave, atMost: 4_194_304)
    guard step.input(0).hasShape(of: step.output) else { throw step.fault(.operand, 0) }
    try step.requireConstants(table: 2048)
    try step.requireExponentials()
    try step.requireTableFloats(from: 256, count: 256, in: 0...4_194_304)
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// The same rows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    rows
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var rule = martlet_log_softmax(
      exponentials: step.tableIntegers, logarithms: step.tableFloats(from: 256), factor: step.float(Parameter.factor),
      octave: step.float(Parameter.octave),
      output: martlet_output(zero_point: step.output.zeroPoint + 128, low: 0, high: 255))
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_log_softmax_rows(&rule, &input, &output, rows.lowerBound, rows.upperBound)
  }
}
