import Graph
import Testing

struct BatchNormalizationTests {
  /// The shift is rounded to a multiple of input scale × weight scale, which is not small beside a clamped output's step.
  @Test(arguments: 0..<30 as Range<UInt64>) func standalone(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 0.75) { problem in
        let x = problem.image()
        let count = problem.channels(x)
        let zeros = problem.graph.addConstant("zeros", Tensor(shape: [count]))
        let ones = problem.graph.addConstant("ones", Tensor(shape: [count], repeating: 1))
        let scale = problem.graph.addConstant(
          "scale", Tensor(shape: [count], values: (0..<count).map { _ in Float(problem.pick(-90...90)) / 10 }))
        return try problem.applyWithClamp(BatchNormalization(epsilon: 0), x, scale, problem.bias(count), zeros, ones)
      })
  }
}
