/// For each output pixel of one axis, the input pixels that count and their weights.
struct ResizeFilter {
  /// Weights are multiples of 2^−22, so that 255 times their sum and the rounding stay below 2^31.
  static let fractionBits: Int32 = 22
  static let half: Int32 = 1 << (fractionBits - 1)

  /// The first input pixel of each output pixel.
  private(set) var firsts: [Int] = []
  private(set) var weights: [Int32] = []
  /// Where in `weights` each output pixel's begin, and the end.
  private(set) var starts: [Int] = [0]

  /// The filter for the output pixels `outputs` of the `outputCount` that `inputCount` pixels are resized to.
  ///
  /// Weight of input pixel i for output pixel o: max(0, 1 − |i + ½ − center| ÷ reach), center = (o + ½) × scale, then
  /// divided by the sum of weights, so that the picture's border does not darken.
  init(from inputCount: Int, to outputCount: Int, outputs: Range<Int>, antialiased: Bool) {
    let scale = Double(inputCount) / Double(outputCount)
    let reach = antialiased ? max(scale, 1) : 1
    for output in outputs {
      let center = (Double(output) + 0.5) * scale
      let first = max(0, Int(center - reach + 0.5))
      let last = min(inputCount, Int(center + reach + 0.5))
      let exact = (first..<last).map { max(0, 1 - abs((Double($0) - center + 0.5) / reach)) }
      let sum = exact.reduce(0, +)
      firsts.append(first)
      weights += exact.map { Int32($0 / sum * Double(1 << Self.fractionBits) + 0.5) }
      starts.append(weights.count)
    }
  }

  /// The input pixels that count for any output pixel.
  var inputs: Range<Int> {
    let last = firsts.indices.map { firsts[$0] + starts[$0 + 1] - starts[$0] }.max() ?? 0
    return (firsts.min() ?? 0)..<last
  }

  static func byte(_ sum: Int32) -> UInt8 { UInt8(clamping: sum >> fractionBits) }
}
