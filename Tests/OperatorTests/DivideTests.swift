import Graph
import Testing

struct DivideTests {
  /// Divisors between ¼ and 1, or −1 and −¼, of every broadcast. They are rounded to 1/256 first, and 1/512 of ¼ is up to
  /// one step of the result.
  @Test(arguments: 0..<40 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 2) { problem in
        let a = problem.image()
        let shape = problem.graph[a].shape
        let b = problem.input(problem.pick([shape, [1, 1, 1, shape[3]], [1, shape[1], shape[2], 1]]))
        let bounded = try problem.apply(Activation(.clip(low: 0.25, high: 1)), problem.apply(Activation(.sigmoid), b))
        let divisor = problem.pick([true, false]) ? bounded : try problem.apply(Activation(.negative), bounded)
        return try problem.applyWithClamp(Divide(), a, divisor)
      })
  }
}
