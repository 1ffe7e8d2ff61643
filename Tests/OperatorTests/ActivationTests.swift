import Graph
import Testing

struct ActivationTests {
  static let functions: [Activation.Function] = [
    .relu, .clip(low: -0.3, high: 6), .leakyRelu(slope: 0.1), .sigmoid, .hardSigmoid(alpha: 0.2, beta: 0.5), .hardSwish,
    .tanh, .swish,
  ]

  @Test(arguments: 0..<9 as Range<UInt64>, 0..<8) func agrees(seed: UInt64, which: Int) throws {
    try check(
      Problem(seed) { problem in
        [try problem.apply(Activation(Self.functions[which]), problem.image())]
      })
  }
}
