import CShim

/// `FullyConnected` with weights of four bits, two to a byte (see `martlet_four_bit`), which are expanded into scratch
/// before they are used.
public enum FullyConnectedInt4: Operator {
  /// 61 in the file.
  public static var code: UInt32 { 61 }
  /// The name in reports.
  public static var kind: StaticString { "FullyConnectedInt4" }

  /// Behind the parameters of `FullyConnected`.
  public enum Parameter: Int {
    /// Blocks of sixteen outputs that are expanded together.
    case blocksAtOnce = 2
  }

  /// What `FullyConnected` proves, and that scratch and weight sums are right.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try FullyConnected.verify(step, parameterCount: Parameter.blocksAtOnce.rawValue + 1, quadBytes: 32)
    let blocks = (step.output.channels + 15) / 16
    try step.requireFourBitWeights(
      Parameter.blocksAtOnce, groupBlocks: blocks, blocks: Wide.of(blocks),
      blockBytes: Wide.roundedUp(step.input(0).elementCount, toMultipleOf: 4) * 16)
  }

  /// Room for the expanded weights, and the slack that every buffer has.
  public static func scratchBytes(_ step: borrowing Step) -> Int {
    let blockBytes = (step.input(0).count + 3) / 4 * 64
    return step.withSlack(Int(truncatingIfNeeded: step.integer(Parameter.blocksAtOnce)) * blockBytes)
  }

  /// As in `FullyConnected`.
  public static func grain(_ step: borrowing Step) -> Grain { FullyConnected.grain(step) }

  /// Computes the output, or the blocks of it that `step` names.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    guard let input = step.inputRows(0).base, let output = step.outputRows.base, let channels = step.channels,
      let scratch = step.scratch
    else { return }
    var layer = FullyConnected.layer(step, channels)
    let first = FullyConnected.firstBlock(step)
    var fourBit = step.fourBitWeights(Parameter.blocksAtOnce)
    fourBit.weights += first * layer.block_bytes / 2
    martlet_four_bit_connect(
      kernels, &fourBit, &layer, input, output + first * 16,
      UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Int8.self))
  }
}
