import Graph
import Testing

struct SpaceToDepthTests {
  @Test(arguments: 0..<20 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 0.01) { problem in
        let block = Size2D(problem.pick(1...3), problem.pick(1...3))
        let x = problem.input([
          1, block.height * problem.pick(1...4), block.width * problem.pick(1...4), problem.pick([1, 3, 16, 33]),
        ])
        return [try problem.apply(SpaceToDepth(block: block), x)]
      })
  }
}
