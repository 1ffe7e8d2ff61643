import CShim

/// A fully connected layer: all H·W·C bytes of its input, without gaps, are one run. Output 1×1×M.
/// Weights and channel blocks as of a 1×1 convolution with that many input channels.
public enum FullyConnected: Operator {
  /// 3 in the file.
  public static var code: UInt32 { 3 }
  /// The name in reports.
  public static var kind: StaticString { "FullyConnected" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Clamp in the int8 domain.
    case low, high
  }

  /// Parameters, shapes and constants agree, and no accumulator overflows.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.high.rawValue + 1)
    try step.requireClamp(low: Parameter.low, high: .high)
    let input = step.input(0)
    let output = step.output
    guard input.isPacked, input.rowsHeld == input.height, input.elementCount <= Wide.of(Limits.arenaBytes) else {
      throw step.fault(.operand, 0)
    }
    guard output.height == 1, output.width == 1 else { throw step.fault(.operand, 1) }
    let blocks = Wide.roundedUp(Wide.of(output.channels), toMultipleOf: 16) / 16
    let blockBytes = Wide.roundedUp(input.elementCount, toMultipleOf: 4) * 16
    try step.requireConstants(weights: Wide.product(blocks, blockBytes), channels: blocks * 192)
    try step.requireFactors(blocks: blocks, taps: input.elementCount)
  }

  /// What the C algorithm asks for, and the slack that every buffer has.
  public static func scratchBytes(_ step: borrowing Step) -> Int {
    var convolution = convolution(step)
    var input = inputRow(step)
    var output = step.outputRows
    return step.withSlack(martlet_convolution_scratch_bytes(&convolution, &input, &output))
  }

  /// Always.
  public static func splitsChannels(_ step: borrowing Step) -> Bool { true }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var convolution = convolution(step)
    var input = inputRow(step)
    var output = step.outputRows
    if let blocks = step.blocks {
      martlet_convolution_narrow(&convolution, &input, nil, &output, blocks.lowerBound, blocks.upperBound)
    }
    martlet_convolution_rows(
      kernels, &convolution, &input, nil, &output, rows.lowerBound, rows.upperBound, step.scratch)
  }

  /// The whole input as one pixel.
  private static func inputRow(_ step: borrowing Step) -> martlet_rows {
    var row = step.inputRows(0)
    row.channels = row.height * row.width * row.channels
    row.pixel_pitch_bytes = Int(row.channels)
    row.row_pitch_bytes = Int(row.channels)
    row.rows_held = 1
    row.height = 1
    row.width = 1
    return row
  }

  private static func convolution(_ step: borrowing Step) -> martlet_convolution {
    martlet_convolution(
      weights: step.weights, channels: step.channels, kernel_height: 1, kernel_width: 1, stride_height: 1,
      stride_width: 1, dilation_height: 1, dilation_width: 1, pad_top: 0, pad_left: 0, groups: 1, runs_per_row: 1,
      input_zero_point: step.storedInputZeroPoint(0),
      output: step.outputRule(low: Parameter.low, high: .high), residual_factor: 0, residual_zero_point: 0)
  }
}
