import Graph
import Testing

struct SliceTests {
  @Test(arguments: 0..<30 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 0.01) { problem in
        let x = problem.image(2...9)
        let shape = problem.graph[x].shape
        var (begin, size, step) = ([0], [1], [1])
        for axis in 1...3 {
          let stride = problem.pick([1, 1, 2, 3])
          let first = problem.pick(0...(shape[axis] - 1) / 2)
          let available = (shape[axis] - first - 1) / stride + 1
          begin.append(first)
          step.append(stride)
          size.append(problem.pick(1...available))
        }
        return [try problem.apply(Slice(begin: begin, size: size, step: step), x)]
      })
  }
}
