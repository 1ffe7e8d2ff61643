import Graph
import Testing

struct ActivationTests {
  static let functions: [Activation.Function] = [
    .relu, .clip(low: -0.3, high: 6), .leakyRelu(slope: 0.1), .sigmoid, .hardSigmoid(alpha: 0.2, beta: 0.5), .hardSwish,
    .tanh, .swish, .absolute, .ceiling, .celu(alpha: 2), .elu(alpha: 0.5), .errorFunction, .floor, .gelu, .geluTanh,
    .mish, .negative, .power(2), .round, .selu(alpha: 1.67, gamma: 1.05), .shrink(bias: 0.1, threshold: 0.2), .sign,
    .softplus, .softsign, .thresholdedRelu(alpha: 0.01),
  ]

  @Test(arguments: 0..<9 as Range<UInt64>, functions.indices) func agrees(seed: UInt64, which: Int) throws {
    try check(
      Problem(seed) { problem in
        [try problem.apply(Activation(Self.functions[which]), problem.image())]
      })
  }

  /// Functions that have no value, or none of a reasonable size, for some numbers. The bounded argument is rounded, too.
  @Test(
    arguments: 0..<9 as Range<UInt64>, [.exponential, .logarithm, .reciprocal, .squareRoot] as [Activation.Function])
  func agreesWhereItHasValues(seed: UInt64, function: Activation.Function) throws {
    try check(
      Problem(seed, toleranceInSteps: 2.5) { problem in
        let bounded = try problem.apply(Activation(.sigmoid), problem.image())
        let shifted = try problem.apply(Activation(.clip(low: 0.25, high: 1)), bounded)
        return [shifted, try problem.apply(Activation(function), shifted)]
      })
  }
}
