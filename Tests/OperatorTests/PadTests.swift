import Graph
import Testing

struct PadTests {
  @Test(arguments: 0..<20 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 0.51) { problem in
        let before = [0] + (0..<3).map { _ in problem.pick(0...3) }
        let after = [0] + (0..<3).map { _ in problem.pick(0...3) }
        let x = problem.image()
        return [try problem.apply(Pad(before: before, after: after, value: problem.pick([0, 0.3, -7])), x)]
      })
  }
}
