import Synchronization

/// So many events a second in the mean: a bucket of tokens that fills evenly and holds those of two seconds.
final class RateLimit: Sendable {
  private struct Bucket {
    var tokens: Double
    var filled: ContinuousClock.Instant
  }

  private let perSecond: Double
  private let bucket: Mutex<Bucket>

  init(perSecond: Double) {
    self.perSecond = perSecond
    bucket = Mutex(Bucket(tokens: max(1, 2 * perSecond), filled: .now))
  }

  /// Whether another event fits at this moment.
  func admits(at now: ContinuousClock.Instant = .now) -> Bool {
    bucket.withLock { bucket in
      let seconds = bucket.filled.duration(to: now) / .seconds(1)
      bucket.tokens = min(max(1, 2 * perSecond), bucket.tokens + max(0, seconds) * perSecond)
      bucket.filled = now
      guard bucket.tokens >= 1 else { return false }
      bucket.tokens -= 1
      return true
    }
  }
}
