import CShim

/// The norm of each window: the p-th root of the sum of p-th powers of magnitudes. Input [H, W, C], output [OH, OW, C].
///
/// Table: 256 UInt32, the p-th power of each stored byte's magnitude in a unit of the compiler's choice; then the points
/// of the curve (see `martlet_curve`) that takes the root of a sum of them, in steps of the output.
public enum LpPool: Operator {
  /// 27 in the file.
  public static var code: UInt32 { 27 }
  /// The name in reports.
  public static var kind: StaticString { "LpPool" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Window size, stride, dilation and padding.
    case kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft
    /// Padding after the last row and column.
    case padBottom, padRight
    /// 1: the result is divided by the root of the number of taps inside the image.
    case average
    /// Clamp in the int8 domain.
    case low, high
  }

  /// Parameters, shapes and constants agree, and no sum overflows.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.high.rawValue + 1)
    try step.requireClamp(low: Parameter.low, high: .high)
    let window = Window(step)
    try window.verify(step, maximumTaps: Wide.of(Limits.poolingTaps))
    try window.verifyCovered(
      step, padBottom: step.integer(Parameter.padBottom), padRight: step.integer(Parameter.padRight))
    guard (0...1).contains(step.integer(Parameter.average)) else { throw step.fault(parameter: Parameter.average) }
    guard step.input(0).channels == step.output.channels else { throw step.fault(.operand, 0) }
    guard step.tableBytes >= 1024, let powers = powers(step) else { throw step.fault(.constant, 2) }
    var largest: UInt32 = 0
    for place in 0..<256 { largest = max(largest, powers[place]) }
    let points = try step.curvePoints(largest: Wide.product(window.taps, Wide.of(largest)))
    try step.requireConstants(table: 1024 + 4 * Wide.of(points))
    try step.requireTableFloats(from: 256, count: points, in: 0...4_194_304)
  }

  /// One sum a channel.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 4 * Int(step.output.channels) }

  /// The rows under the windows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    Window(step).rowsNeeded(for: rows, height: step.input(0).height)
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var pooling = Window(step).pooling(
      step, padBottom: step.integer(Parameter.padBottom), padRight: step.integer(Parameter.padRight),
      output: step.outputRule(low: Parameter.low, high: .high))
    var norm = martlet_norm_pooling(
      powers: powers(step), curve: martlet_curve(points: step.tableFloats(from: 256)),
      average: step.integer(Parameter.average))
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_norm_pool_rows(&norm, &pooling, &input, &output, rows.lowerBound, rows.upperBound, step.scratch)
  }

  private static func powers(_ step: borrowing Step) -> UnsafePointer<UInt32>? {
    step.table.map { UnsafeRawPointer($0).assumingMemoryBound(to: UInt32.self) }
  }
}
