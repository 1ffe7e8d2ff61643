import CShim

/// Pixels become channels: input [H, W, C], output [H/blockHeight, W/blockWidth, blockHeight · blockWidth · C], the places
/// of a block row by row, each with its channels. Same quantization.
public enum SpaceToDepth: Operator {
  /// 18 in the file.
  public static var code: UInt32 { 18 }
  /// The name in reports.
  public static var kind: StaticString { "SpaceToDepth" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Pixels that become one.
    case blockHeight, blockWidth
  }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.blockWidth.rawValue + 1)
    try step.requireBlocks(pixels: step.input(0), blocks: step.output)
    try step.requireSameQuantization()
    try step.requireConstants()
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// The rows that become them.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    let blockHeight = step.integer(Parameter.blockHeight)
    return rows.lowerBound * blockHeight..<rows.upperBound * blockHeight
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    let blockHeight = step.integer(Parameter.blockHeight)
    let blockWidth = step.integer(Parameter.blockWidth)
    var input = step.inputRows(0)
    var output = step.outputRows
    var place: Int32 = 0
    while place < blockHeight * blockWidth {
      var window = martlet_window(
        begin_y: place / blockWidth, begin_x: place % blockWidth, begin_c: 0, step_y: blockHeight, step_x: blockWidth,
        step_c: 1, output_channel: place * input.channels, count: input.channels, fill: 0, table: nil)
      martlet_copy_rows(kernels, &window, &input, &output, rows.lowerBound, rows.upperBound)
      place += 1
    }
  }
}
