/// Expected squared error of 8-bit quantization as a function of the range.
///
/// Inside the range, a nonzero value errs by step²/12 on average (zero is exact). Outside, it errs by its distance to
/// the range; prefix sums of count, value and square give that for any range at once.
struct SquaredErrorModel {
  private var countBelow: [Double]
  private var sumBelow: [Double]
  private var squareBelow: [Double]
  private let side = Histogram.binsPerSide

  /// Values in units of a bin's width.
  init(_ histogram: Histogram) {
    countBelow = [0]
    sumBelow = [0]
    squareBelow = [0]
    for (bin, count) in histogram.counts.enumerated() {
      let value = Double(bin - side) + 0.5
      countBelow.append(countBelow[bin] + Double(count))
      sumBelow.append(sumBelow[bin] + Double(count) * value)
      squareBelow.append(squareBelow[bin] + Double(count) * value * value)
    }
  }

  /// The sum of squared errors, in squared bin widths, when bins `low`..<`high` (relative to zero) are represented.
  func error(low: Int, high: Int) -> Double {
    let (first, end) = (low + side, high + side)
    let (lowest, highest) = (Double(low), Double(high))
    let step = (highest - lowest) / 255
    let inside = (countBelow[end] - countBelow[first]) * step * step / 12
    let below = squareBelow[first] - 2 * lowest * sumBelow[first] + lowest * lowest * countBelow[first]
    let last = countBelow.count - 1
    let above =
      squareBelow[last] - squareBelow[end] - 2 * highest * (sumBelow[last] - sumBelow[end])
      + highest * highest * (countBelow[last] - countBelow[end])
    return inside + max(0, below) + max(0, above)
  }
}

/// The best pair of ends among 128 candidates each, evenly spaced between zero and the extreme values.
func leastSquaredErrorRange(of histogram: Histogram) -> ClosedRange<Float> {
  let model = SquaredErrorModel(histogram)
  let side = Histogram.binsPerSide
  let lowest = (histogram.counts.firstIndex { $0 > 0 } ?? side) - side
  let highest = (histogram.counts.lastIndex { $0 > 0 } ?? side - 1) - side + 1
  var best = (low: min(lowest, 0), high: max(highest, 0), error: Double.infinity)
  for low in candidateEnds(best.low) {
    for high in candidateEnds(best.high) where low < high {
      let error = model.error(low: low, high: high)
      if error < best.error { best = (low, high, error) }
    }
  }
  return Float(Double(best.low) * histogram.binWidth)...Float(Double(best.high) * histogram.binWidth)
}

/// From the extreme towards zero, without repetition; zero itself only when it is the extreme.
func candidateEnds(_ extreme: Int, count: Int = 128) -> [Int] {
  if extreme == 0 { return [0] }
  var ends: [Int] = []
  for part in stride(from: count, to: 0, by: -1) {
    let end = extreme * part / count
    if end != 0, end != ends.last { ends.append(end) }
  }
  return ends
}
