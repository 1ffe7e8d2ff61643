import CShim

/// The largest value of each window; padding never wins. Input [H, W, C], output [OH, OW, C], same quantization.
public enum MaxPool2D: Operator {
  /// 4 in the file.
  public static var code: UInt32 { 4 }
  /// The name in reports.
  public static var kind: StaticString { "MaxPool2D" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Window size, stride, dilation and padding.
    case kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft
    /// Padding after the last row and column.
    case padBottom, padRight
  }

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
      output: martlet_output(zero_point: step.output.zeroPoint + 128, low: 0, high: 255))
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_maximum_pool_rows(kernels, &pooling, &input, &output, rows.lowerBound, rows.upperBound)
  }
}
