import CShim

/// The largest value of each window of an int16 tensor; padding never wins.
/// Input [H, W, C], output [OH, OW, C], same quantization.
public enum MaxPool2DInt16: Operator {
  /// 45 in the file.
  public static var code: UInt32 { 45 }
  /// The name in reports.
  public static var kind: StaticString { "MaxPool2DInt16" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Window size, stride, dilation and padding.
    case kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft
    /// Padding after the last row and column.
    case padBottom, padRight
  }

  /// int16 in and out.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) { try step.requireElements(.int16) }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.padRight.rawValue + 1)
    let window = Window(step)
    try window.verify(step, maximumTaps: Wide.of(Limits.poolingTaps))
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
      output: martlet_output(zero_point: 0, low: -32768, high: 32767))
    pooling.input_zero_point = 0
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_int16_maximum_pool_rows(&pooling, &input, &output, rows.lowerBound, rows.upperBound)
  }
}
