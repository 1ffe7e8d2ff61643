import CShim

/// Convolution, dense or grouped, optionally with a residual operand added before the clamp.
///
/// Inputs: x [H, W, IC] and, for a residual block, r [OH, OW, OC]. Output [OH, OW, OC]. Weights and channel blocks as in
/// `martlet_convolution`.
public enum Conv2D: Operator {
  /// 1 in the file.
  public static var code: UInt32 { 1 }
  /// The name in reports.
  public static var kind: StaticString { "Conv2D" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Kernel size, stride, dilation, and padding before the first row and column; padding after is implied.
    case kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft
    /// IC/groups inputs make OC/groups outputs.
    case groups
    /// 1: a kernel row is one run of bytes; else the kernel width: a tap is.
    case runsPerRow
    /// Clamp in the int8 domain.
    case low, high
    /// Float: residual scale ÷ output scale.
    case residualFactor
  }

  /// Parameters, shapes and constants agree, and no accumulator overflows.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    _ = try verifiedLayout(step, parameterCount: Parameter.residualFactor.rawValue + 1, quadBytes: 64)
  }

  /// What `verify` proves of a record with so many parameters, of whose weights four of sixteen channels take `quadBytes`.
  static func verifiedLayout(
    _ step: borrowing Step, parameterCount: Int, quadBytes: Int32
  ) throws(Fault) -> ConvolutionLayout {
    try step.requireInputs(1...2)
    try step.requireParameters(count: parameterCount)
    try step.requireClamp(low: Parameter.low, high: .high)
    let window = Window(step)
    try window.verify(step, maximumTaps: Wide.of(Limits.kernelTaps))
    try window.verifyTouched(step)
    let layout = try ConvolutionLayout(step, window)
    if step.inputCount == 2 {
      guard step.input(1).hasShape(of: step.output) else { throw step.fault(.operand, 1) }
      try step.requireFactor(Parameter.residualFactor, atMost: 1_048_576)
    } else if step.integer(Parameter.residualFactor) != 0 {
      throw step.fault(parameter: Parameter.residualFactor)
    }
    try layout.requireConstants(step, quadBytes: quadBytes)
    try step.requireFactors(
      blocks: layout.blocks, taps: layout.taps,
      extra: step.inputCount == 2 ? 255 * step.float(Parameter.residualFactor) : 0)
    return layout
  }

  /// What the C algorithm asks for, and the slack that every buffer has.
  public static func scratchBytes(_ step: borrowing Step) -> Int {
    var convolution = convolution(step)
    var input = step.inputRows(0)
    var output = step.outputRows
    return step.withSlack(martlet_convolution_scratch_bytes(&convolution, &input, &output))
  }

  /// True for the residual operand: each of its bytes is read just before the output's byte at that place is written.
  public static func worksInPlace(input: Int) -> Bool { input == 1 }

  /// Two rows of few pixels make one tile, as two blocks of channels do; with one group, channels can be divided.
  public static func grain(_ step: borrowing Step) -> Grain {
    Grain(rows: step.output.width <= 7 ? 2 : 1, blocks: step.integer(Parameter.groups) == 1 ? 2 : 0)
  }

  /// The rows under the windows, and of a residual operand the same rows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    input == 0 ? Window(step).rowsNeeded(for: rows, height: step.input(0).height) : rows
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var convolution = convolution(step)
    var input = step.inputRows(0)
    var output = step.outputRows
    if step.inputCount == 2 {
      var residual = step.inputRows(1)
      if let blocks = step.blocks {
        martlet_convolution_narrow(
          &convolution, &input, &residual, &output, blocks.lowerBound, blocks.upperBound)
      }
      martlet_convolution_rows(
        kernels, &convolution, &input, &residual, &output, rows.lowerBound, rows.upperBound, step.scratch)
    } else {
      if let blocks = step.blocks {
        martlet_convolution_narrow(&convolution, &input, nil, &output, blocks.lowerBound, blocks.upperBound)
      }
      martlet_convolution_rows(
        kernels, &convolution, &input, nil, &output, rows.lowerBound, rows.upperBound, step.scratch)
    }
  }

  /// The record as the C algorithms take it.
  static func convolution(_ step: borrowing Step) -> martlet_convolution {
    let window = Window(step)
    return martlet_convolution(
      weights: step.weights, channels: step.channels,
      kernel_height: window.kernelHeight, kernel_width: window.kernelWidth,
      stride_height: window.strideHeight, stride_width: window.strideWidth,
      dilation_height: window.dilationHeight, dilation_width: window.dilationWidth,
      pad_top: window.padTop, pad_left: window.padLeft,
      groups: step.integer(Parameter.groups), runs_per_row: step.integer(Parameter.runsPerRow),
      input_zero_point: step.storedInputZeroPoint(0),
      output: step.outputRule(low: Parameter.low, high: .high),
      residual_factor: step.float(Parameter.residualFactor),
      residual_zero_point: step.inputCount == 2 ? step.storedInputZeroPoint(1) : 0)
  }
}
