import CShim

/// Depthwise convolution of an int16 tensor with int8 weights. Padding is 0. Weights as of `DepthwiseConv2D`, channel
/// blocks as of `Conv2DInt16`.
public enum DepthwiseConv2DInt16: Operator {
  /// 41 in the file.
  public static var code: UInt32 { 41 }
  /// The name in reports.
  public static var kind: StaticString { "DepthwiseConv2DInt16" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Kernel size, stride, dilation, and padding before the first row and column; padding after is implied.
    case kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft
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
    guard step.input(0).channels == step.output.channels else { throw step.fault(.operand, 0) }
    let blocks = Wide.roundedUp(Wide.of(step.output.channels), toMultipleOf: 16) / 16
    let quads = Wide.of(martlet_depthwise_quads(window.kernelHeight, window.kernelWidth))
    try step.requireConstants(weights: Wide.product(blocks, quads * 64), channels: blocks * 192)
    try step.requirePaddedTaps(window, blocks: blocks)
    try step.requireInt16Factors(blocks: blocks, taps: window.taps)
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// The rows under the windows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    Window(step).rowsNeeded(for: rows, height: step.input(0).height)
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    let window = Window(step)
    var depthwise = martlet_depthwise(
      weights: step.weights, channels: step.channels,
      kernel_height: window.kernelHeight, kernel_width: window.kernelWidth,
      stride_height: window.strideHeight, stride_width: window.strideWidth,
      dilation_height: window.dilationHeight, dilation_width: window.dilationWidth,
      pad_top: window.padTop, pad_left: window.padLeft, input_zero_point: 0,
      output: step.int16OutputRule(low: Parameter.low, high: .high))
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_int16_depthwise_rows(&depthwise, &input, &output, rows.lowerBound, rows.upperBound)
  }
}
