import CShim

/// What operators with weights of four bits say in the same words.
extension Step {
  /// The weights of four bits; none before they have a place.
  func fourBitWeights<Parameter: RawRepresentable>(_ blocksAtOnce: Parameter) -> martlet_four_bit
  where Parameter.RawValue == Int {
    martlet_four_bit(weights: fourBitBytes, blocks_at_once: integer(blocksAtOnce))
  }

  private var fourBitBytes: UnsafePointer<UInt8>? {
    weights.map { UnsafeRawPointer($0).assumingMemoryBound(to: UInt8.self) }
  }

  /// The weights that are expanded together are no more than a group has and an arena may hold, and the weights of each
  /// output channel add up to its weight sum. That weights and channel blocks are there was checked before.
  func requireFourBitWeights<Parameter: RawRepresentable>(
    _ blocksAtOnce: Parameter, groupBlocks: Int32, blocks: Int64, blockBytes: Int64
  ) throws(Fault) where Parameter.RawValue == Int {
    let together = integer(blocksAtOnce)
    guard together >= 1, together <= groupBlocks,
      Wide.product(blockBytes, Wide.of(together)) <= Wide.of(Limits.arenaBytes)
    else { throw fault(parameter: blocksAtOnce) }
    let agreeing = martlet_four_bit_sums_that_agree(
      fourBitBytes, channels, blocks, Wide.shiftedRight(blockBytes, by: 6))
    guard agreeing == blocks * 16 else { throw fault(.constant, Int(truncatingIfNeeded: agreeing)) }
  }
}
