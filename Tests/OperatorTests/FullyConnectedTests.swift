import Graph
import Testing

struct FullyConnectedTests {
  @Test(arguments: 0..<40 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        let depth = problem.pick([1, 3, 16, 63, 64, 65, 200])
        let outputs = problem.pick([1, 2, 10, 16, 31, 100])
        let x = problem.input(problem.pick([[1, depth], [1, 3, depth], [1, 2, 2, depth]]))
        return try problem.applyWithClamp(
          FullyConnected(), x, problem.weights([outputs, depth]), problem.bias(outputs))
      })
  }
}
