import CShim

/// The mean of each window, over the taps inside the image or over all. Input [H, W, C], output [OH, OW, C].
public enum AveragePool2D: Operator {
  /// 5 in the file.
  public static var code: UInt32 { 5 }
  /// The name in reports.
  public static var kind: StaticString { "AveragePool2D" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Window size, stride, dilation (always 1) and padding.
    case kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft
    /// Padding after the last row and column.
    case padBottom, padRight
    /// 1: taps in the padding count, too.
    case countPadding
    /// Float: input scale ÷ output scale.
    case factor
    /// Clamp in the int8 domain.
    case low, high
    /// How the mean is rounded. 0: in float32, ties to even. 1: the sum of the int8 values (zero points in the padding) ÷
    /// count in whole numbers, ties away from zero. 2: the sum of the stored bytes ÷ count, ties upward. 1 and 2 need equal
    /// quantizations and do not use the factor.
    case rounding
  }

  /// Parameters, shapes and constants agree, and no accumulator overflows.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.rounding.rawValue + 1)
    try step.requireClamp(low: Parameter.low, high: .high)
    let window = Window(step)
    try window.verify(step, maximumTaps: Wide.of(Limits.poolingTaps))
    guard window.dilationHeight == 1 else { throw step.fault(parameter: Parameter.dilationHeight) }
    guard window.dilationWidth == 1 else { throw step.fault(parameter: Parameter.dilationWidth) }
    try window.verifyCovered(
      step, padBottom: step.integer(Parameter.padBottom), padRight: step.integer(Parameter.padRight))
    guard (0...1).contains(step.integer(Parameter.countPadding)) else {
      throw step.fault(parameter: Parameter.countPadding)
    }
    try step.requireFactor(Parameter.factor, atMost: 4_194_304)
    let rounding = step.integer(Parameter.rounding)
    guard (0...2).contains(rounding) else { throw step.fault(parameter: Parameter.rounding) }
    if rounding != 0 { try step.requireSameQuantization() }
    guard step.input(0).channels == step.output.channels else { throw step.fault(.operand, 0) }
    try step.requireConstants()
  }

  /// One int32 sum a channel.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 4 * Int(step.output.channels) }

  /// Single rows; channels can be divided.
  public static func grain(_ step: borrowing Step) -> Grain { Grain(blocks: 1) }

  /// The rows under the windows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    Window(step).rowsNeeded(for: rows, height: step.input(0).height)
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var pooling = Window(step).pooling(
      step, padBottom: step.integer(Parameter.padBottom), padRight: step.integer(Parameter.padRight),
      output: step.outputRule(low: Parameter.low, high: .high))
    pooling.count_padding = step.integer(Parameter.countPadding)
    pooling.factor = step.float(Parameter.factor)
    var input = step.inputRows(0)
    var output = step.outputRows
    if let blocks = step.blocks {
      martlet_rows_narrow(&input, blocks.lowerBound, blocks.upperBound)
      martlet_rows_narrow(&output, blocks.lowerBound, blocks.upperBound)
    }
    let rounding = step.integer(Parameter.rounding)
    if rounding == 0 {
      martlet_average_pool_rows(
        kernels, &pooling, &input, &output, rows.lowerBound, rows.upperBound, step.scratch)
    } else {
      martlet_average_pool_integer_rows(
        kernels, &pooling, rounding == 1 ? 128 : 0, &input, &output, rows.lowerBound, rows.upperBound, step.scratch)
    }
  }
}
