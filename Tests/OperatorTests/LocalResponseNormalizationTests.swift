import Graph
import Testing

struct LocalResponseNormalizationTests {
  /// The power's curve is straight between its points: off by (1/32)² / 8 · beta · (beta + 1) at the most, 0.04 of 127 steps.
  @Test(arguments: 0..<40 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 0.56) { problem in
        let operation = LocalResponseNormalization(
          before: problem.pick([0, 1, 2, 50]), after: problem.pick([0, 2, 3, 50]), alpha: problem.pick([1e-4, 0.3, 0]),
          beta: problem.pick([0.75, 0.5, 1]), bias: problem.pick([1, 2]))
        return try problem.applyWithClamp(operation, problem.image())
      })
  }
}
