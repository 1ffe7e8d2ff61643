import Foundation

/// The learning rate over a run's steps: a linear warm-up, then a schedule.
public struct LearningRate: Sendable {
  /// How it goes down.
  public enum Schedule: Sendable, Equatable {
    /// Not at all.
    case constant
    /// Times `factor` when each of these fractions of the run is over.
    case step(at: [Double], factor: Float)
    /// Half a cosine down to 0 (Loshchilov and Hutter 2017, without restarts).
    case cosine
  }

  /// At the end of the warm-up.
  public var peak: Float
  /// Steps of the warm-up, in which the rate grows linearly.
  public var warmUpSteps: Int
  /// After the warm-up.
  public var schedule: Schedule

  /// A rate with this peak.
  public init(peak: Float, warmUpSteps: Int = 0, schedule: Schedule = .cosine) {
    (self.peak, self.warmUpSteps, self.schedule) = (peak, warmUpSteps, schedule)
  }

  /// Of step number `step` of `steps`.
  public func rate(step: Int, of steps: Int) -> Float {
    if step < warmUpSteps { return peak * Float(step + 1) / Float(warmUpSteps) }
    switch schedule {
    case .constant: return peak
    case .step(let fractions, let factor):
      let progress = Double(step) / Double(max(1, steps))
      return fractions.reduce(peak) { $1 <= progress ? $0 * factor : $0 }
    case .cosine:
      let progress = Double(step - warmUpSteps) / Double(max(1, steps - warmUpSteps))
      return peak * Float((1 + cos(.pi * min(1, progress))) / 2)
    }
  }
}
