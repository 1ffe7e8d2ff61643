import Graph
import Testing

struct DepthwiseConv2DTests {
  @Test(arguments: 0..<60 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        let kernel = Size2D(problem.pick(1...6), problem.pick(1...6))
        let x = problem.image(7...12)
        let dilation = problem.pick([1, 1, 2])
        let fits = dilation == 1 ? Size2D(1, 1) : Size2D(problem.pick(1...2), dilation)
        let size = Size2D(dilation == 1 ? kernel.height : 3, dilation == 1 ? kernel.width : 3)
        return try problem.applyWithClamp(
          DepthwiseConv2D(
            stride: Size2D(problem.pick(1...2), problem.pick(1...3)), dilation: fits,
            padding: problem.padding(lessThan: size)),
          x, problem.weights([size.height, size.width, problem.channels(x)], channelsLast: true),
          problem.bias(problem.channels(x)))
      })
  }
}
