import CShim

/// The largest or smallest channels of each pixel, in order: their values, or with an int32 output their numbers. One of
/// them is what ArgMax and ArgMin give. Input [H, W, C], output [H, W, k].
public enum TopK: Operator {
  /// 29 in the file.
  public static var code: UInt32 { 29 }
  /// The name in reports.
  public static var kind: StaticString { "TopK" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// 1: the smallest first; 0: the largest.
    case smallest
    /// 1: of equal values the one of the highest channel first; 0: of the lowest.
    case lastFirst
  }

  /// Eight bits in; eight bits or int32 out.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) {
    try step.requireElements(inputs: .int8, output: step.output.element == .int32 ? .int32 : .int8)
  }

  /// Parameters and shapes agree. Values keep the input's quantization; indices have scale 1.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.lastFirst.rawValue + 1)
    for position in 0...1 where !(0...1).contains(step.integer(at: position)) { throw step.fault(.parameter, position) }
    let input = step.input(0)
    let output = step.output
    guard input.height == output.height, input.width == output.width, output.channels <= input.channels else {
      throw step.fault(.operand, 0)
    }
    if output.element == .int32 {
      guard output.scale == 1 else { throw step.fault(.quantization) }
    } else {
      try step.requireSameQuantization()
    }
    try step.requireConstants()
  }

  /// A counter for each value.
  public static func scratchBytes(_ step: borrowing Step) -> Int { step.output.channels == 1 ? 0 : 1024 }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var rule = martlet_top_k(
      smallest: step.integer(Parameter.smallest), last_first: step.integer(Parameter.lastFirst),
      indices: step.output.element == .int32 ? 1 : 0)
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_top_k_rows(&rule, &input, &output, rows.lowerBound, rows.upperBound, step.scratch)
  }
}
