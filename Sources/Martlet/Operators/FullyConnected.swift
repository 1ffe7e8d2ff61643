import CShim

/// A fully connected layer: all H·W·C bytes of its input, without gaps, are one run. Output 1×1×M.
/// Weights and channel blocks as of a 1×1 convolution with that many input channels.
public enum FullyConnected: Operator {
  /// 3 in the file.
  public static var code: UInt32 { 3 }
  /// The name in reports.
  public static var kind: StaticString { "FullyConnected" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Clamp in the int8 domain.
    case low, high
  }

  /// Parameters, shapes and constants agree, and no accumulator overflows.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try verify(step, parameterCount: Parameter.high.rawValue + 1, quadBytes: 64)
  }

  /// What `verify` proves of a record with so many parameters, of whose weights four of sixteen outputs take `quadBytes`.
  static func verify(_ step: borrowing Step, parameterCount: Int, quadBytes: Int32) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: parameterCount)
    try step.requireClamp(low: Parameter.low, high: .high)
    let input = step.input(0)
    let output = step.output
    guard input.isPacked, input.rowsHeld == input.height, input.elementCount <= Wide.of(Limits.arenaBytes) else {
      throw step.fault(.operand, 0)
    }
    guard output.height == 1, output.width == 1 else { throw step.fault(.operand, 1) }
    let blocks = Wide.roundedUp(Wide.of(output.channels), toMultipleOf: 16) / 16
    try step.requirePackedRuns(blocks: blocks, runs: 1, values: input.elementCount, quadBytes: quadBytes)
    try step.requireFactors(blocks: blocks, taps: input.elementCount)
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// Two blocks of channels make one tile.
  public static func grain(_ step: borrowing Step) -> Grain { Grain(blocks: 2) }

  /// Computes the output, or the blocks of it that `step` names.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    guard let input = step.inputRows(0).base, let output = step.outputRows.base, let weights = step.weights,
      let channels = step.channels
    else { return }
    var layer = layer(step, channels)
    let first = firstBlock(step)
    layer.weights = weights + first * layer.block_bytes
    layer.next_weights = weights
    martlet_fully_connected(kernels, &layer, input, output + first * 16)
  }

  /// The first block of sixteen outputs that is computed.
  static func firstBlock(_ step: borrowing Step) -> Int { step.blocks.map { Int($0.lowerBound) } ?? 0 }

  /// The outputs that are computed as a panel without weights.
  static func layer(
    _ step: borrowing Step, _ channels: UnsafePointer<martlet_channel_block>
  ) -> martlet_panel {
    let outputs = step.output.channels
    var blocks = 0..<(outputs + 15) / 16
    if let some = step.blocks { blocks = some }
    let quads = (Int32(truncatingIfNeeded: step.input(0).count) + 3) / 4
    return martlet_panel(
      weights: nil, channels: channels + Int(blocks.lowerBound), block_bytes: Int(quads) * 64,
      blocks: blocks.upperBound - blocks.lowerBound,
      channels_stored: min(outputs, blocks.upperBound * 16) - blocks.lowerBound * 16, runs: 1,
      run_quads: quads, output: step.outputRule(low: Parameter.low, high: .high), residual_factor: 0,
      residual_zero_point: 0, next_weights: nil, shares_runs: 0, order: nil)
  }
}
