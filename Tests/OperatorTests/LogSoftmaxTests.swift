import Graph
import Testing

struct LogSoftmaxTests {
  /// The sum's logarithm is exact to 1/512.
  @Test(arguments: 0..<30 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 0.75) { problem in
        let channels = problem.pick([2, 10, 100, 1000])
        return [try problem.apply(LogSoftmax(), problem.input([1, problem.pick(1...3), channels]))]
      })
  }
}
