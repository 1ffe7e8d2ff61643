import Foundation

/// The range whose 8-bit quantized distribution diverges least from the seen one: first the upper end is chosen among 64,
/// then the lower.
///
/// For each candidate, P is the histogram with what lies outside moved into the last bins, and Q is what is left when
/// the bins inside are gathered into 255 steps, each spread evenly over its bins that are not empty. The divergence is
/// Σ P·log(P/Q). Exact zeros are left out of both: they are represented exactly.
func leastDivergenceRange(of histogram: Histogram) -> ClosedRange<Float> {
  let side = Histogram.binsPerSide
  var low = min(0, (histogram.counts.firstIndex { $0 > 0 } ?? side) - side)
  var high = max(0, (histogram.counts.lastIndex { $0 > 0 } ?? side - 1) - side + 1)
  var least = divergence(histogram.counts, first: low + side, end: high + side)
  func choose(among ends: [Int], _ range: (Int) -> (low: Int, high: Int)) {
    for end in ends {
      let candidate = range(end)
      guard candidate.high - candidate.low >= 255 else { break }
      let divergence = divergence(histogram.counts, first: candidate.low + side, end: candidate.high + side)
      if divergence < least { (low, high, least) = (candidate.low, candidate.high, divergence) }
    }
  }
  let (lowest, highest) = (low, high)
  choose(among: candidateEnds(highest, count: 64)) { (lowest, $0) }
  let chosen = high
  choose(among: candidateEnds(lowest, count: 64)) { ($0, chosen) }
  return Float(Double(low) * histogram.binWidth)...Float(Double(high) * histogram.binWidth)
}

private func divergence(_ counts: [UInt64], first: Int, end: Int) -> Double {
  var seen = counts[first..<end].map { Double($0) }
  let inside = seen
  seen[0] += counts[..<first].reduce(0) { $0 + Double($1) }
  seen[seen.count - 1] += counts[end...].reduce(0) { $0 + Double($1) }
  let quantized = spread(inside, steps: 255)
  let (seenTotal, quantizedTotal) = (seen.reduce(0, +), quantized.reduce(0, +))
  guard seenTotal > 0, quantizedTotal > 0 else { return .infinity }
  var divergence = 0.0
  for (p, q) in zip(seen, quantized) where p > 0 {
    // An empty bin that now holds what was clipped would make the divergence infinite: count a small share for it.
    divergence += p / seenTotal * log(p / seenTotal / max(q / quantizedTotal, 1e-9))
  }
  return divergence
}

/// Gathers the bins into equal steps and spreads each step's sum over its bins that are not empty.
private func spread(_ bins: [Double], steps: Int) -> [Double] {
  var result = [Double](repeating: 0, count: bins.count)
  for step in 0..<steps {
    let range = bins.count * step / steps..<bins.count * (step + 1) / steps
    let filled = range.filter { bins[$0] > 0 }
    let sum = filled.reduce(0) { $0 + bins[$1] }
    for bin in filled { result[bin] = sum / Double(filled.count) }
  }
  return result
}
