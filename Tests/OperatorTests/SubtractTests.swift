import Graph
import Testing

struct SubtractTests {
  /// Equal shapes, one value a channel, one value a pixel, and both operands the same.
  @Test(arguments: 0..<40 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        let (a, b) = problem.operands()
        return try problem.applyWithClamp(Subtract(), a, b)
      })
  }
}
