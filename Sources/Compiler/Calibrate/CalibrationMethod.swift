/// How the range of an activation follows from the values seen in calibration.
public enum CalibrationMethod: Equatable, Sendable, CustomStringConvertible {
  /// From the smallest to the largest value.
  case minMax
  /// What is left when (100 − p)/2 percent are cut off each end; the parameter is p, 0 < p ≤ 100.
  case percentile(Double)
  /// The range with the least expected squared error of quantization: rounding inside, clipping outside.
  case meanSquaredError
  /// The range whose quantized distribution diverges least from the seen one (Kullback and Leibler).
  case kullbackLeibler

  /// As `init(_:)` reads it.
  public var description: String {
    switch self {
    case .minMax: "min-max"
    case .percentile(let percent): "percentile-\(percent)"
    case .meanSquaredError: "mse"
    case .kullbackLeibler: "kl"
    }
  }

  /// Reads "min-max", "percentile-99.99", "mse" or "kl".
  public init?(_ text: String) {
    switch text {
    case "min-max", "minmax": self = .minMax
    case "mse": self = .meanSquaredError
    case "kl": self = .kullbackLeibler
    default:
      let prefix = "percentile-"
      guard text.hasPrefix(prefix), let percent = Double(text.dropFirst(prefix.count)), percent > 0, percent <= 100
      else { return nil }
      self = .percentile(percent)
    }
  }

  /// The range to quantize. It includes 0; it is empty (0…0) when nothing but zeros was seen.
  public func range(of histogram: Histogram) -> ClosedRange<Float> {
    let whole = histogram.minimum...histogram.maximum
    guard whole.lowerBound < whole.upperBound else { return whole }
    let range =
      switch self {
      case .minMax: whole
      case .percentile(let percent): percentileRange(of: histogram, percent: percent)
      case .meanSquaredError: leastSquaredErrorRange(of: histogram)
      case .kullbackLeibler: leastDivergenceRange(of: histogram)
      }
    return range.clamped(to: whole)
  }
}

/// Cuts off, at each end, the bins that hold together no more than half of the values outside the percentile.
private func percentileRange(of histogram: Histogram, percent: Double) -> ClosedRange<Float> {
  let side = Histogram.binsPerSide
  let cut = Double(histogram.finiteCount) * (1 - percent / 100) / 2
  var low = -side
  var high = side
  var below = 0.0
  while low < 0 {
    below += Double(histogram.counts[low + side])
    if below > cut { break }
    low += 1
  }
  var above = 0.0
  while high > 0 {
    above += Double(histogram.counts[high - 1 + side])
    if above > cut { break }
    high -= 1
  }
  return Float(Double(low) * histogram.binWidth)...Float(Double(high) * histogram.binWidth)
}
