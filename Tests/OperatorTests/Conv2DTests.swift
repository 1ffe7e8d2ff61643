import Graph
import Testing

struct Conv2DTests {
  @Test(arguments: 0..<60 as Range<UInt64>) func dense(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        let kernel = Size2D(problem.pick(1...4), problem.pick(1...4))
        let x = problem.image(4...11)
        let outputs = problem.pick([1, 7, 16, 24, 33])
        return try problem.applyWithClamp(
          Conv2D(
            stride: Size2D(problem.pick(1...3), problem.pick(1...3)), padding: problem.padding(lessThan: kernel)),
          x, problem.weights([outputs, kernel.height, kernel.width, problem.channels(x)]), problem.bias(outputs))
      })
  }

  @Test(arguments: 0..<30 as Range<UInt64>) func dilatedAndGrouped(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        let groups = problem.pick([1, 2, 3])
        let depth = problem.pick([1, 4, 5, 16])
        let x = problem.image(7...11, channels: groups * depth)
        let outputs = groups * problem.pick([1, 8, 17])
        return try problem.applyWithClamp(
          Conv2D(
            dilation: Size2D(problem.pick(1...2), problem.pick(1...3)),
            padding: problem.padding(lessThan: Size2D(3, 3)), groups: groups),
          x, problem.weights([outputs, 3, 3, depth]), problem.bias(outputs))
      })
  }

  @Test(arguments: 0..<30 as Range<UInt64>) func residual(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        let x = problem.image(3...8)
        let outputs = problem.pick([4, 16, 20])
        let shape = problem.graph[x].shape
        let residual = problem.input([1, shape[1], shape[2], outputs])
        return try problem.applyWithClamp(
          Conv2D(padding: Padding2D(top: 1, left: 1, bottom: 1, right: 1), hasResidual: true), x,
          problem.weights([outputs, 3, 3, shape[3]]), problem.bias(outputs), residual)
      })
  }
}
