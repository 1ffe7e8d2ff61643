import CShim

/// The sums of weights that a file states: what families use that hold activations as int8. Where no family does, a wrong one
/// changes nothing, and the Verifier saves itself reading all weights once more.
enum WeightSumCheck {
  /// Conv2D, DepthwiseConv2D, FullyConnected: weights of eight bits, and blocks of channels with their sums.
  static func verify(_ view: borrowing ModelView) throws(Fault) {
    for index in 0..<view.operatorCount {
      let step = Step(model: view, index: index, arena: nil)
      guard (1...3).contains(step.code), let weights = step.weights, let channels = step.channels else { continue }
      let blocks = Int(truncatingIfNeeded: step.record.pointee.channels.bytes / 192)
      let quads = Int(truncatingIfNeeded: step.record.pointee.weights.bytes / 64) / blocks
      let agreeing = martlet_weight_sums_that_agree(weights, channels, blocks, quads)
      guard agreeing == blocks * 16 else { throw Fault(.constant, index: index, detail: agreeing) }
    }
  }
}

extension Verified {
  /// Proves that every sum of weights in the file is the sum of these weights. On 64-bit ARM and a Cortex-M with
  /// Helium, where kernels use them, the Verifier has done it; elsewhere it is what a wrong sum would change there.
  /// - Throws: `constant` with the operator, and the channel as detail.
  public func requireWeightSums() throws(Fault) { try WeightSumCheck.verify(view) }
}
