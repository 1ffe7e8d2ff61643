import CShim

/// Collects the constants of each output channel into blocks of sixteen.
struct ChannelBlocks {
  private(set) var blocks: [martlet_channel_block]
  private(set) var notes: [String] = []

  /// Blocks whose lanes all give the output's zero point until they are set.
  init(count: Int) { blocks = Array(repeating: martlet_channel_block(), count: count) }

  /// Sets one channel of an int16 layer: its 64-bit bias and its factor.
  mutating func setInt16(_ name: String, block: Int, lane: Int, bias: Int64, factor: Double, taps: Int) {
    let room = AccumulatorLimits.largestInt16 - AccumulatorLimits.int16Products(taps: taps)
    let limited = max(-room, min(room, bias))
    if limited != bias { notes.append("\(name): its bias was limited so that the accumulator cannot overflow") }
    var usable = Float(factor)
    if factor < 0x1p-38 { usable = 0 }
    if !(factor <= 0x1p16) {
      usable = 0x1p16
      notes.append("\(name): its factor \(factor) was limited to \(usable)")
    }
    let bits = UInt64(bitPattern: limited)
    let (low, high) = (UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
    withUnsafeMutableBytes(of: &blocks[block].bias) { $0.bindMemory(to: UInt32.self)[lane] = low }
    withUnsafeMutableBytes(of: &blocks[block].factor) { $0.bindMemory(to: Float.self)[lane] = usable }
    withUnsafeMutableBytes(of: &blocks[block].weight_sum) { $0.bindMemory(to: UInt32.self)[lane] = high }
  }

  /// Sets one channel: its bias (before the input zero point's share), its factor and the sum of its weights.
  /// `spare`: what the residual may add to the scaled accumulator.
  mutating func set(
    _ name: String, block: Int, lane: Int, bias: Int64, factor: Double, weightSum: Int64, storedZeroPoint: Int64,
    taps: Int, spare: Double = 0
  ) {
    let products = AccumulatorLimits.products(taps: taps)
    let room = AccumulatorLimits.largest - products
    let exact = bias - storedZeroPoint * weightSum
    let folded = max(-room, min(room, exact))
    if folded != exact { notes.append("\(name): its bias was limited so that the accumulator cannot overflow") }
    let largestFactor = (AccumulatorLimits.largestScaled - spare) / Double(abs(folded) + products)
    let usable = factor.isFinite ? min(factor, largestFactor) : largestFactor
    if usable != factor { notes.append("\(name): its factor \(factor) was limited to \(usable)") }
    withUnsafeMutableBytes(of: &blocks[block].bias) { $0.bindMemory(to: Int32.self)[lane] = Int32(folded) }
    withUnsafeMutableBytes(of: &blocks[block].factor) { $0.bindMemory(to: Float.self)[lane] = Float(usable) }
    withUnsafeMutableBytes(of: &blocks[block].weight_sum) { $0.bindMemory(to: Int32.self)[lane] = Int32(weightSum) }
  }
}
