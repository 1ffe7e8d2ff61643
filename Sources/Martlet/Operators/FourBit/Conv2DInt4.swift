import CShim

/// `Conv2D` with weights of four bits, two to a byte (see `martlet_four_bit`), which are expanded into scratch before
/// they are used.
public enum Conv2DInt4: Operator {
  /// 60 in the file.
  public static var code: UInt32 { 60 }
  /// The name in reports.
  public static var kind: StaticString { "Conv2DInt4" }

  /// Behind the parameters of `Conv2D`.
  public enum Parameter: Int {
    /// Blocks of sixteen output channels of a group that are expanded together.
    case blocksAtOnce = 13
  }

  /// What `Conv2D` proves, and that scratch and weight sums are right.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    let layout = try Conv2D.verifiedLayout(
      step, parameterCount: Parameter.blocksAtOnce.rawValue + 1, quadBytes: 32)
    try step.requireFourBitWeights(
      Parameter.blocksAtOnce, groupBlocks: groupBlocks(step), blocks: layout.blocks, blockBytes: layout.blockBytes)
  }

  /// Room for the expanded weights, what the C algorithm asks for, and the slack that every buffer has.
  public static func scratchBytes(_ step: borrowing Step) -> Int {
    var convolution = Conv2D.convolution(step)
    var fourBit = step.fourBitWeights(Parameter.blocksAtOnce)
    var input = step.inputRows(0)
    var output = step.outputRows
    return step.withSlack(martlet_four_bit_convolution_scratch_bytes(&fourBit, &convolution, &input, &output))
  }

  /// True for the residual operand, as in `Conv2D`.
  public static func worksInPlace(input: Int) -> Bool { Conv2D.worksInPlace(input: input) }

  /// As in `Conv2D`.
  public static func grain(_ step: borrowing Step) -> Grain { Conv2D.grain(step) }

  /// As in `Conv2D`.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    Conv2D.rowsNeeded(step, ofInput: input, for: rows)
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var convolution = Conv2D.convolution(step)
    var fourBit = step.fourBitWeights(Parameter.blocksAtOnce)
    var input = step.inputRows(0)
    var output = step.outputRows
    var blocks = 0..<groupBlocks(step)
    if let some = step.blocks { blocks = some }
    if step.inputCount == 2 {
      var residual = step.inputRows(1)
      martlet_four_bit_convolution_rows(
        kernels, &fourBit, &convolution, &input, &residual, &output, blocks.lowerBound, blocks.upperBound,
        rows.lowerBound, rows.upperBound, step.scratch)
    } else {
      martlet_four_bit_convolution_rows(
        kernels, &fourBit, &convolution, &input, nil, &output, blocks.lowerBound, blocks.upperBound,
        rows.lowerBound, rows.upperBound, step.scratch)
    }
  }

  private static func groupBlocks(_ step: borrowing Step) -> Int32 {
    (step.output.channels / step.integer(Conv2D.Parameter.groups) + 15) / 16
  }
}
