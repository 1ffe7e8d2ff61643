import Graph
import Testing

struct DepthToSpaceTests {
  @Test(arguments: 0..<20 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 0.01) { problem in
        let block = Size2D(problem.pick(1...3), problem.pick(1...3))
        let x = problem.image(channels: block.height * block.width * problem.pick([1, 3, 16, 33]))
        let order = problem.pick([DepthToSpace.Order.placesFirst, .channelsFirst])
        return [try problem.apply(DepthToSpace(block: block, order: order), x)]
      })
  }
}
