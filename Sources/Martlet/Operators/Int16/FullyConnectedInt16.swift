import CShim

/// A fully connected layer of an int16 tensor with int8 weights: all H·W·C values of its input, without gaps, are one run.
/// Output 1×1×M. Weights and channel blocks as of a 1×1 `Conv2DInt16` with that many input channels.
public enum FullyConnectedInt16: Operator {
  /// 42 in the file.
  public static var code: UInt32 { 42 }
  /// The name in reports.
  public static var kind: StaticString { "FullyConnectedInt16" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Clamp.
    case low, high
  }

  /// int16 in and out.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) { try step.requireElements(.int16) }

  /// Parameters, shapes and constants agree, and no accumulator overflows.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.high.rawValue + 1)
    try step.requireInt16Clamp(low: Parameter.low, high: .high)
    let input = step.input(0)
    let output = step.output
    guard input.isPacked, input.rowsHeld == input.height, input.elementCount <= Wide.of(Limits.arenaBytes) else {
      throw step.fault(.operand, 0)
    }
    guard output.height == 1, output.width == 1 else { throw step.fault(.operand, 1) }
    let blocks = Wide.roundedUp(Wide.of(output.channels), toMultipleOf: 16) / 16
    try step.requirePackedRuns(blocks: blocks, runs: 1, values: input.elementCount, quadBytes: 64)
    try step.requireInt16Factors(blocks: blocks, taps: input.elementCount)
  }

  /// None: the input is read where it lies.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var convolution = martlet_convolution(
      weights: step.weights, channels: step.channels, kernel_height: 1, kernel_width: 1, stride_height: 1,
      stride_width: 1, dilation_height: 1, dilation_width: 1, pad_top: 0, pad_left: 0, groups: 1, runs_per_row: 1,
      input_zero_point: 0, output: step.int16OutputRule(low: Parameter.low, high: .high), residual_factor: 0,
      residual_zero_point: 0)
    var input = step.inputRows(0)
    input.channels = input.height * input.width * input.channels
    input.pixel_pitch_bytes = 2 * Int(input.channels)
    input.row_pitch_bytes = input.pixel_pitch_bytes
    input.rows_held = 1
    input.height = 1
    input.width = 1
    var output = step.outputRows
    martlet_int16_convolution_rows(
      kernels, &convolution, &input, &output, rows.lowerBound, rows.upperBound, step.scratch)
  }
}
