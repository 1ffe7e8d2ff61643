import Graph
import Testing

struct LpNormalizationTests {
  @Test(arguments: 0..<40 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        try problem.applyWithClamp(LpNormalization(order: problem.pick(1...2)), problem.image())
      })
  }

  /// A norm of 0 is nothing to divide by.
  @Test(arguments: 1...2) func zerosStayZeros(order: Int) throws {
    try check(
      Problem(1) { problem in
        let x = problem.image(channels: 3)
        let zero = try problem.apply(Subtract(), x, x)
        return [try problem.apply(LpNormalization(order: order), zero)]
      })
  }
}
