import Graph
import Testing

struct ReshapeTests {
  @Test(arguments: 0..<6 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        let x = problem.input([1, 4, 6, 3])
        let y = try problem.apply(Reshape(shape: problem.pick([[1, 72], [1, 8, 9], [1, 3, 4, 6]])), x)
        return [try problem.apply(Activation(.hardSwish), y), y]
      })
  }
}
