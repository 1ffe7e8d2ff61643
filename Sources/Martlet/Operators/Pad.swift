import CShim

/// The input inside a larger tensor of one value. Same quantization.
public enum Pad: Operator {
  /// 12 in the file.
  public static var code: UInt32 { 12 }
  /// The name in reports.
  public static var kind: StaticString { "Pad" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Where the input's first row, column and channel lie in the output; padding after is implied.
    case top, left, firstChannel
    /// Int8 domain, or int16.
    case fill
  }

  /// int8, or int16 throughout.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) { try step.requireElementsOfOneKind() }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.fill.rawValue + 1)
    let input = step.input(0)
    let output = step.output
    try verifyAxis(step, 0, input.height, output.height)
    try verifyAxis(step, 1, input.width, output.width)
    try verifyAxis(step, 2, input.channels, output.channels)
    let fills: ClosedRange<Int32> = step.output.element == .int8 ? -128...127 : -32768...32767
    guard fills.contains(step.integer(Parameter.fill)) else { throw step.fault(parameter: Parameter.fill) }
    try step.requireSameQuantization()
    try step.requireConstants()
  }

  private static func verifyAxis(_ step: borrowing Step, _ axis: Int, _ input: Int32, _ output: Int32) throws(Fault) {
    let before = step.integer(at: axis)
    guard before >= 0, Wide.of(before) + Wide.of(input) <= Wide.of(output) else { throw step.fault(.parameter, axis) }
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// Those that lie there.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    let top = step.integer(Parameter.top)
    let height = step.input(0).height
    let begin = min(max(rows.lowerBound - top, 0), height)
    return begin..<min(max(rows.upperBound - top, begin), height)
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var input = step.inputRows(0)
    var output = step.outputRows
    var window = martlet_window(
      begin_y: -step.integer(Parameter.top), begin_x: -step.integer(Parameter.left),
      begin_c: -step.integer(Parameter.firstChannel), step_y: 1, step_x: 1, step_c: 1, output_channel: 0,
      count: output.channels, fill: step.integer(Parameter.fill) + (step.output.element == .int8 ? 128 : 0), table: nil)
    copyRows(step, &window, &input, &output, rows, kernels)
  }
}
