import CShim

/// The mean of each window of an int16 tensor, over the taps inside the image or over all, rounded half away from 0.
/// Input [H, W, C], output [OH, OW, C], same quantization.
public enum AveragePool2DInt16: Operator {
  /// 46 in the file.
  public static var code: UInt32 { 46 }
  /// The name in reports.
  public static var kind: StaticString { "AveragePool2DInt16" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Window size, stride, dilation (always 1) and padding.
    case kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft
    /// Padding after the last row and column.
    case padBottom, padRight
    /// 1: taps in the padding count, too.
    case countPadding
    /// Clamp.
    case low, high
  }

  /// int16 in and out.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) { try step.requireElements(.int16) }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.high.rawValue + 1)
    try step.requireInt16Clamp(low: Parameter.low, high: .high)
    guard (0...1).contains(step.integer(Parameter.countPadding)) else {
      throw step.fault(parameter: Parameter.countPadding)
    }
    let window = Window(step)
    try window.verify(step, maximumTaps: Wide.of(Limits.poolingTaps))
    guard window.dilationHeight == 1 else { throw step.fault(parameter: Parameter.dilationHeight) }
    guard window.dilationWidth == 1 else { throw step.fault(parameter: Parameter.dilationWidth) }
    try window.verifyCovered(
      step, padBottom: step.integer(Parameter.padBottom), padRight: step.integer(Parameter.padRight))
    guard step.input(0).channels == step.output.channels else { throw step.fault(.operand, 0) }
    try step.requireSameQuantization()
    try step.requireConstants()
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// The rows under the windows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    Window(step).rowsNeeded(for: rows, height: step.input(0).height)
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var pooling = Window(step).pooling(
      step, padBottom: step.integer(Parameter.padBottom), padRight: step.integer(Parameter.padRight),
      output: step.int16OutputRule(low: Parameter.low, high: .high))
    pooling.input_zero_point = 0
    pooling.count_padding = step.integer(Parameter.countPadding)
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_int16_average_pool_rows(&pooling, &input, &output, rows.lowerBound, rows.upperBound)
  }
}
