import Graph
import Testing

struct SoftmaxTests {
  /// Exponentials are rounded to 31 bits and the quotient to 1/256.
  @Test(arguments: 0..<30 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        [try problem.apply(Softmax(), problem.input([1, problem.pick(1...3), problem.pick([1, 2, 10, 100, 1000])]))]
      })
  }
}
