import Foundation

/// How often which values were seen, in a fixed number of bins.
///
/// Bins are a power of two wide and their edges are multiples of it, so that when a larger value comes, neighbours merge
/// exactly. The result does not depend on the order of the values, and the memory not on how many there were.
public struct Histogram: Equatable, Sendable {
  /// Bins on each side of zero.
  public static let binsPerSide = 2048

  /// Bin b counts the nonzero values in [b − `binsPerSide`, b + 1 − `binsPerSide`) × `binWidth`.
  public private(set) var counts = [UInt64](repeating: 0, count: 2 * binsPerSide)
  /// Values that are exactly zero; in no bin.
  public private(set) var zeroCount: UInt64 = 0
  /// Infinite values and values that are no number; in no bin.
  public private(set) var nonFiniteCount: UInt64 = 0
  /// The smallest finite value; 0 when there was none below.
  public private(set) var minimum: Float = 0
  /// The largest finite value; 0 when there was none above.
  public private(set) var maximum: Float = 0
  private var exponent = smallestExponent

  // 2^−126 is the smallest bin width whose inverse is a float.
  private static let smallestExponent = -126

  /// A histogram of nothing.
  public init() {}

  /// Width of a bin, a power of two.
  public var binWidth: Double { scalbn(1, exponent) }
  /// Finite values seen.
  public var finiteCount: UInt64 { zeroCount + counts.reduce(0, +) }

  /// Counts these values.
  public mutating func add(_ values: [Float]) {
    values.withUnsafeBufferPointer { add($0) }
  }

  /// Counts these values.
  public mutating func add(_ values: UnsafeBufferPointer<Float>) {
    var (low, high) = (minimum, maximum)
    for value in values where value.isFinite {
      low = min(low, value)
      high = max(high, value)
    }
    (minimum, maximum) = (low, high)
    widen(toHold: max(-low, high))
    let inverseWidth = Float(scalbn(1, -exponent))
    var zeros: UInt64 = 0
    var nonFinite: UInt64 = 0
    counts.withUnsafeMutableBufferPointer { counts in
      for value in values {
        if value == 0 {
          zeros += 1
        } else if value.isFinite {
          counts[Int((value * inverseWidth).rounded(.down)) + Histogram.binsPerSide] += 1
        } else {
          nonFinite += 1
        }
      }
    }
    zeroCount += zeros
    nonFiniteCount += nonFinite
  }

  /// Doubles the width of the bins until `magnitude` lies in one.
  private mutating func widen(toHold magnitude: Float) {
    guard magnitude > 0 else { return }
    var needed = exponent
    while Double(magnitude) >= scalbn(Double(Histogram.binsPerSide), needed) { needed += 1 }
    let shift = needed - exponent
    guard shift > 0 else { return }
    var merged = [UInt64](repeating: 0, count: counts.count)
    for (bin, count) in counts.enumerated() where count > 0 {
      merged[(bin - Histogram.binsPerSide) >> shift + Histogram.binsPerSide] += count
    }
    counts = merged
    exponent = needed
  }
}
