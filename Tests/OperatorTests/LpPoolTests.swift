import Graph
import Testing

struct LpPoolTests {
  /// The root's curve is straight between its points: off by (1/32)² / 32 of the value at the most, 0.01 of 255 steps.
  @Test(arguments: 0..<60 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 0.53) { problem in
        let window = Size2D(problem.pick(1...4), problem.pick(1...4))
        let order = problem.pick([1, 2, 2, 3])
        let x = problem.image(8...12)
        return try problem.applyWithClamp(
          LpPool(
            order: order, window: window, stride: Size2D(problem.pick(1...3), problem.pick(1...3)),
            dilation: Size2D(problem.pick(1...2), problem.pick(1...2)), padding: problem.padding(lessThan: window),
            roundsUp: problem.pick([true, false]), averages: order == 2 && problem.pick([true, false])), x)
      })
  }

  /// Powers whose sum needs a coarser unit to fit 32 bits.
  @Test(arguments: [1, 2, 4, 9]) func global(order: Int) throws {
    try check(
      Problem(UInt64(order), toleranceInSteps: 0.55) { problem in
        let x = problem.input([1, 30, 40, 5])
        return [try problem.apply(LpPool(order: order, window: Size2D(30, 40)), x)]
      })
  }
}
