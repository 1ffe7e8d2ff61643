import CShim

/// Local response normalization: each value times a function of the sum of squares of its neighbours among the pixel's
/// channels. Input and output have one shape.
///
/// Table: that function as the float32 points of a curve (see `martlet_curve`), times input scale ÷ output scale.
public enum LocalResponseNormalization: Operator {
  /// 26 in the file.
  public static var code: UInt32 { 26 }
  /// The name in reports.
  public static var kind: StaticString { "LocalResponseNormalization" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Channels below and above that count, besides the value's own.
    case before, after
    /// Clamp in the int8 domain.
    case low, high
  }

  /// Parameters, shapes and constants agree, and no sum overflows.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.high.rawValue + 1)
    let largest = Int32(truncatingIfNeeded: Limits.dimension)
    for position in 0...1 {
      guard (0...largest).contains(step.integer(at: position)) else { throw step.fault(.parameter, position) }
    }
    try step.requireClamp(low: Parameter.low, high: .high)
    guard step.input(0).hasShape(of: step.output) else { throw step.fault(.operand, 0) }
    let window = step.integer(Parameter.before) + step.integer(Parameter.after) + 1
    let squares = Wide.of(min(window, step.output.channels)) * 65025
    let points = try step.curvePoints(largest: squares)
    try step.requireConstants(table: 4 * Wide.of(points))
    try step.requireTableFloats(count: points, in: 0...4_194_304)
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// The same rows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    rows
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var rule = martlet_local_response(
      before: step.integer(Parameter.before), after: step.integer(Parameter.after),
      input_zero_point: step.storedInputZeroPoint(0), curve: martlet_curve(points: step.tableFloats()),
      output: step.outputRule(low: Parameter.low, high: .high))
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_local_response_rows(&rule, &input, &output, rows.lowerBound, rows.upperBound)
  }
}
