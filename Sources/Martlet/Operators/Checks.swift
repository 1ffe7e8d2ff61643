import CShim

/// What several operators verify in the same words.
extension Step {
  /// This operator's fault.
  func fault(_ code: Fault.Code, _ detail: Int = 0) -> Fault { Fault(code, index: index, detail: detail) }

  /// A fault of one parameter.
  func fault<Parameter: RawRepresentable>(parameter: Parameter) -> Fault where Parameter.RawValue == Int {
    Fault(.parameter, index: index, detail: parameter.rawValue)
  }

  /// The number of inputs lies in `counts`.
  func requireInputs(_ counts: ClosedRange<Int>) throws(Fault) {
    guard counts.contains(inputCount) else { throw fault(.operand, inputCount) }
  }

  /// Parameters from number `count` on are 0, so that later versions may use them.
  func requireParameters(count: Int) throws(Fault) {
    for position in count..<32 where integer(at: position) != 0 { throw fault(.parameter, position) }
  }

  /// −128 ≤ low ≤ high ≤ 127.
  func requireClamp<Parameter: RawRepresentable>(low: Parameter, high: Parameter) throws(Fault)
  where Parameter.RawValue == Int {
    guard integer(low) >= -128 else { throw fault(parameter: low) }
    guard integer(high) <= 127, integer(low) <= integer(high) else { throw fault(parameter: high) }
  }

  /// A factor is finite, not negative, and at most `largest`.
  func requireFactor<Parameter: RawRepresentable>(_ parameter: Parameter, atMost largest: Float) throws(Fault)
  where Parameter.RawValue == Int {
    let factor = float(parameter)
    guard factor >= 0, factor <= largest else { throw fault(.factor, parameter.rawValue) }
  }

  /// Weights, channel blocks and table have exactly these sizes. (That they lie in their sections, aligned, the Verifier
  /// checked before.)
  func requireConstants(weights: Int64 = 0, channels: Int64 = 0, table: Int64 = 0) throws(Fault) {
    guard Wide.of(record.pointee.weights.bytes) == weights else { throw fault(.constant, 0) }
    guard Wide.of(record.pointee.channels.bytes) == channels else { throw fault(.constant, 1) }
    guard Wide.of(record.pointee.table.bytes) == table else { throw fault(.constant, 2) }
  }

  /// Packed weights and channel blocks of exactly these sizes. Places behind each run's values are zero, so that what a
  /// kernel reads there counts for nothing.
  /// - Parameters:
  ///   - blocks: of sixteen output channels, each with so many `runs` of so many `values`.
  ///   - quadBytes: of four values of sixteen channels: 64, or 32 where weights have four bits.
  func requirePackedRuns(blocks: Int64, runs: Int64, values: Int64, quadBytes: Int32) throws(Fault) {
    let runs = Wide.product(blocks, runs)
    let runBytes = Wide.product(Wide.shiftedRight(values + 3, by: 2), Wide.of(quadBytes))
    try requireConstants(weights: Wide.product(runs, runBytes), channels: Wide.product(blocks, 192))
    guard let weights,
      martlet_run_padding_is_zero(
        weights, Int(truncatingIfNeeded: runs), Int(truncatingIfNeeded: values), quadBytes)
        == 1
    else { throw fault(.constant, 0) }
  }

  /// The same of a depthwise kernel's places without a tap.
  func requirePaddedTaps(_ window: Window, blocks: Int64) throws(Fault) {
    guard let weights,
      martlet_depthwise_padding_is_zero(
        weights, Int(truncatingIfNeeded: blocks), window.kernelHeight, window.kernelWidth) == 1
    else { throw fault(.constant, 0) }
  }

  /// No accumulator can overflow: |bias| + 255·128·taps < 2³¹, and that times the factor, with `extra` added, stays in
  /// what float32 converts to int32. `taps`: products in one sum.
  func requireFactors(blocks: Int64, taps: Int64, extra: Float = 0) throws(Fault) {
    guard let channels else { throw fault(.constant, 1) }
    let range = Wide.product(taps, 255 * 128)
    for block in 0..<Int(truncatingIfNeeded: blocks) {
      let lane = Int(martlet_channels_that_fit(channels + block, range, extra))
      guard lane == 16 else { throw fault(.factor, block * 16 + lane) }
    }
  }

  /// Scratch that is read as whole registers has readable bytes after it, as every buffer.
  func withSlack(_ bytes: Int) -> Int { bytes == 0 ? 0 : bytes + Limits.slackBytes }

  /// Input number `position` and the output have the same quantization: bytes pass unchanged.
  func requireSameQuantization(_ position: Int = 0) throws(Fault) {
    guard input(position).hasQuantization(of: output) else { throw fault(.quantization, position) }
  }
}
