import Graph
import Testing

struct MaxPool2DTests {
  @Test(arguments: 0..<40 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 0.01) { problem in
        let window = Size2D(problem.pick(1...4), problem.pick(1...4))
        let x = problem.image(4...11)
        return [
          try problem.apply(
            MaxPool2D(
              window: window, stride: Size2D(problem.pick(1...3), problem.pick(1...3)),
              padding: problem.padding(lessThan: window), roundsUp: problem.pick([true, false])), x)
        ]
      })
  }
}
