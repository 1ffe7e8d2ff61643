import CShim

/// Axes in another order: output axis i (0 height, 1 width, 2 channels) is input axis p[i]. Same quantization.
public enum Transpose: Operator {
  /// 13 in the file.
  public static var code: UInt32 { 13 }
  /// The name in reports.
  public static var kind: StaticString { "Transpose" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Input axes that become the output's height, width and channels.
    case height, width, channels
  }

  /// int8, or int16 throughout.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) { try step.requireElementsOfOneKind() }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.channels.rawValue + 1)
    let input = step.input(0)
    let output = step.output
    guard input.rowsHeld == input.height else { throw step.fault(.operand, 0) }
    var seen: Int32 = 0
    for axis in 0..<3 {
      let source = step.integer(at: axis)
      guard (0...2).contains(source), seen & (1 &<< source) == 0 else { throw step.fault(.parameter, axis) }
      seen |= 1 &<< source
      guard size(input, source) == size(output, Int32(truncatingIfNeeded: axis)) else {
        throw step.fault(.parameter, axis)
      }
    }
    try step.requireSameQuantization()
    try step.requireConstants()
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var input = step.inputRows(0)
    var output = step.outputRows
    let (height, width) = (step.integer(Parameter.height), step.integer(Parameter.width))
    let channels = step.integer(Parameter.channels)
    if step.output.element == .int8 {
      martlet_transpose_rows(height, width, channels, &input, &output, rows.lowerBound, rows.upperBound)
    } else {
      martlet_transpose_wide_rows(
        step.output.elementBytes, height, width, channels, &input, &output, rows.lowerBound, rows.upperBound)
    }
  }

  private static func size(_ tensor: TensorRecord, _ axis: Int32) -> Int32 {
    axis == 0 ? tensor.height : axis == 1 ? tensor.width : tensor.channels
  }
}
