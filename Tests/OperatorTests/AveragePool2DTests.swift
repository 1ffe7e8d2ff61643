import Graph
import Testing

struct AveragePool2DTests {
  @Test(arguments: 0..<40 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        let window = Size2D(problem.pick(1...4), problem.pick(1...4))
        let x = problem.image(4...11)
        return try problem.applyWithClamp(
          AveragePool2D(
            window: window, stride: Size2D(problem.pick(1...3), problem.pick(1...3)),
            padding: problem.padding(lessThan: window), countsPadding: problem.pick([true, false]),
            roundsUp: problem.pick([true, false])), x)
      })
  }

  @Test(arguments: 0..<10 as Range<UInt64>) func global(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        let x = problem.image(1...20)
        let shape = problem.graph[x].shape
        return [try problem.apply(AveragePool2D(window: Size2D(shape[1], shape[2])), x)]
      })
  }
}
