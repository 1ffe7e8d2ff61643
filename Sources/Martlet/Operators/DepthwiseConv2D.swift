import CShim

/// Depthwise convolution, one filter a channel. Input [H, W, C], output [OH, OW, C]. Weights as in `martlet_depthwise`.
public enum DepthwiseConv2D: Operator {
  /// 2 in the file.
  public static var code: UInt32 { 2 }
  /// The name in reports.
  public static var kind: StaticString { "DepthwiseConv2D" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Kernel size, stride, dilation, and padding before the first row and column; padding after is implied.
    case kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft
    /// Clamp in the int8 domain.
    case low, high
  }

  /// Parameters, shapes and constants agree, and no accumulator overflows.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.high.rawValue + 1)
    try step.requireClamp(low: Parameter.low, high: .high)
    let window = Window(step)
    try window.verify(step, maximumTaps: Wide.of(Limits.kernelTaps))
    try window.verifyTouched(step)
    guard step.input(0).channels == step.output.channels else { throw step.fault(.operand, 0) }
    let blocks = Wide.roundedUp(Wide.of(step.output.channels), toMultipleOf: 16) / 16
    let quads = Wide.of(martlet_depthwise_quads(window.kernelHeight, window.kernelWidth))
    try step.requireConstants(weights: Wide.product(blocks, quads * 64), channels: blocks * 192)
    try step.requirePaddedTaps(window, blocks: blocks)
    try step.requireFactors(blocks: blocks, taps: window.taps)
  }

  /// What the C algorithm asks for, and the slack that every buffer has.
  public static func scratchBytes(_ step: borrowing Step) -> Int {
    var depthwise = depthwise(step)
    var input = step.inputRows(0)
    var output = step.outputRows
    return step.withSlack(martlet_depthwise_scratch_bytes(&depthwise, &input, &output))
  }

  /// With stride 1 two rows share what they read.
  public static func grain(_ step: borrowing Step) -> Grain {
    Grain(rows: step.integer(Parameter.strideHeight) == 1 ? 2 : 1, blocks: 1)
  }

  /// The rows under the windows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    Window(step).rowsNeeded(for: rows, height: step.input(0).height)
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var depthwise = depthwise(step)
    var input = step.inputRows(0)
    var output = step.outputRows
    if let blocks = step.blocks {
      martlet_depthwise_narrow(&depthwise, &input, &output, blocks.lowerBound, blocks.upperBound)
    }
    martlet_depthwise_rows(
      kernels, &depthwise, &input, &output, rows.lowerBound, rows.upperBound, step.scratch)
  }

  private static func depthwise(_ step: borrowing Step) -> martlet_depthwise {
    let window = Window(step)
    return martlet_depthwise(
      weights: step.weights, channels: step.channels,
      kernel_height: window.kernelHeight, kernel_width: window.kernelWidth,
      stride_height: window.strideHeight, stride_width: window.strideWidth,
      dilation_height: window.dilationHeight, dilation_width: window.dilationWidth,
      pad_top: window.padTop, pad_left: window.padLeft,
      input_zero_point: step.storedInputZeroPoint(0),
      output: step.outputRule(low: Parameter.low, high: .high))
  }
}
