import CShim

/// Every `step`-th row, column and channel from `begin` on, as many as the output has. Same quantization.
public enum Slice: Operator {
  /// 11 in the file.
  public static var code: UInt32 { 11 }
  /// The name in reports.
  public static var kind: StaticString { "Slice" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// First row, column and channel.
    case beginHeight, beginWidth, beginChannel
    /// Distance to the next, at least 1.
    case stepHeight, stepWidth, stepChannel
  }

  /// int8, or int16 throughout.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) { try step.requireElementsOfOneKind() }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.stepChannel.rawValue + 1)
    let input = step.input(0)
    let output = step.output
    try verifyAxis(step, 0, input.height, output.height)
    try verifyAxis(step, 1, input.width, output.width)
    try verifyAxis(step, 2, input.channels, output.channels)
    try step.requireSameQuantization()
    try step.requireConstants()
  }

  private static func verifyAxis(_ step: borrowing Step, _ axis: Int, _ input: Int32, _ output: Int32) throws(Fault) {
    let begin = step.integer(at: axis)
    let distance = step.integer(at: axis + 3)
    let last = Wide.of(begin) + Wide.product(output - 1, distance)
    guard begin >= 0, begin < input else { throw step.fault(.parameter, axis) }
    guard distance >= 1, last < Wide.of(input) else { throw step.fault(.parameter, axis + 3) }
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// Those that are taken.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    let begin = step.integer(Parameter.beginHeight)
    let distance = step.integer(Parameter.stepHeight)
    return begin + rows.lowerBound * distance..<begin + (rows.upperBound - 1) * distance + 1
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var input = step.inputRows(0)
    var output = step.outputRows
    var window = martlet_window(
      begin_y: step.integer(Parameter.beginHeight), begin_x: step.integer(Parameter.beginWidth),
      begin_c: step.integer(Parameter.beginChannel), step_y: step.integer(Parameter.stepHeight),
      step_x: step.integer(Parameter.stepWidth), step_c: step.integer(Parameter.stepChannel), output_channel: 0,
      count: output.channels, fill: 0, table: nil)
    copyRows(step, &window, &input, &output, rows, kernels)
  }
}
