import CShim

/// Convolution of an int16 tensor with int8 weights, dense or grouped. Padding is 0. Weights and channel blocks as of
/// `Conv2D`, but a block's third row is the high half of its 64-bit biases.
public enum Conv2DInt16: Operator {
  /// 40 in the file.
  public static var code: UInt32 { 40 }
  /// The name in reports.
  public static var kind: StaticString { "Conv2DInt16" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Kernel size, stride, dilation, and padding before the first row and column; padding after is implied.
    case kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft
    /// IC/groups inputs make OC/groups outputs.
    case groups
    /// 1: a kernel row is one run of values; else the kernel width: a tap is.
    case runsPerRow
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
    let window = Window(step)
    try window.verify(step, maximumTaps: Wide.of(Limits.kernelTaps))
    try window.verifyTouched(step)
    let layout = try ConvolutionLayout(step, window)
    guard layout.blockBytes <= Wide.of(Limits.arenaBytes) else { throw step.fault(parameter: Parameter.kernelHeight) }
    try layout.requireConstants(step, quadBytes: 64)
    try step.requireInt16Factors(blocks: layout.blocks, taps: layout.taps)
  }

  /// What the C algorithm asks for, and the slack that every buffer has.
  public static func scratchBytes(_ step: borrowing Step) -> Int {
    var convolution = convolution(step)
    var input = step.inputRows(0)
    var output = step.outputRows
    return step.withSlack(martlet_int16_convolution_scratch_bytes(&convolution, &input, &output))
  }

  /// The rows under the windows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    Window(step).rowsNeeded(for: rows, height: step.input(0).height)
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var convolution = convolution(step)
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_int16_convolution_rows(
      kernels, &convolution, &input, &output, rows.lowerBound, rows.upperBound, step.scratch)
  }

  private static func convolution(_ step: borrowing Step) -> martlet_convolution {
    let window = Window(step)
    return martlet_convolution(
      weights: step.weights, channels: step.channels,
      kernel_height: window.kernelHeight, kernel_width: window.kernelWidth,
      stride_height: window.strideHeight, stride_width: window.strideWidth,
      dilation_height: window.dilationHeight, dilation_width: window.dilationWidth,
      pad_top: window.padTop, pad_left: window.padLeft,
      groups: step.integer(Parameter.groups), runs_per_row: step.integer(Parameter.runsPerRow),
      input_zero_point: 0, output: step.int16OutputRule(low: Parameter.low, high: .high),
      residual_factor: 0, residual_zero_point: 0)
  }
}
