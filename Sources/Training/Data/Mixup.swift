import Foundation
import Graph

/// Mixes each image of a batch with another one of it (Zhang et al. 2018, mixup: share ∼ Beta(α, α), one a batch).
public struct Mixup: Sendable, Equatable {
  /// α, in 0.05…1: the smaller, the less is mixed.
  public var alpha: Double

  /// A mixture of this strength.
  public init(alpha: Double) { self.alpha = alpha }

  /// Changes the batch [N,…] and says what became of its labels.
  public func mix(_ batch: inout Tensor, labels: [Int], _ random: inout SplitMix64) -> MixedLabels {
    let share = Float(share(&random))
    let partners = random.permutation(labels.count)
    let imageCount = batch.count / max(1, labels.count)
    let original = batch.values
    for (image, partner) in partners.enumerated() {
      for place in 0..<imageCount {
        batch.values[image * imageCount + place] =
          share * original[image * imageCount + place] + (1 - share) * original[partner * imageCount + place]
      }
    }
    return MixedLabels(partners: partners.map { labels[$0] }, share: share)
  }

  /// Of the distribution Beta(α, α), by Jöhnk's method (1964).
  func share(_ random: inout SplitMix64) -> Double {
    while true {
      let a = pow(random.unit(), 1 / alpha)
      let b = pow(random.unit(), 1 / alpha)
      if a + b > 0, a + b <= 1 { return a / (a + b) }
    }
  }
}

extension SplitMix64 {
  /// A number in 0 ..< 1, of 53 random bits.
  mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }

  /// A number of the normal distribution with mean 0 and deviation 1 (Box and Muller 1958).
  mutating func normal() -> Double {
    let radius = (-2 * log(1 - unit())).squareRoot()
    return radius * cos(2 * .pi * unit())
  }
}
