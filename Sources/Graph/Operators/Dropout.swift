/// Leaves elements out at random in training, and passes everything on otherwise (Srivastava et al. 2014): those that stay
/// are divided by their share, so that the mean stays.
public struct Dropout: RandomOperator {
  /// "Dropout".
  public static var kind: String { "Dropout" }
  /// The share of elements that are left out, 0…1 without 1.
  public var rate: Float

  /// Leaves this share out.
  public init(rate: Float = 0.5) { self.rate = rate }

  /// The bytes pass through.
  public var outputQuantization: OutputQuantization { .sameAsInput }

  /// The values pass through.
  public var int16OutputQuantization: OutputQuantization? { .sameAsInput }

  /// The input's shape.
  /// - Throws: `GraphError` when there is not one input, or the rate is none.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x")
    guard rate >= 0, rate < 1 else { throw GraphError("the share to leave out is \(rate), outside 0…1 without 1") }
    return inputs
  }

  /// The input.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] { [inputs[0]] }

  /// The gradient.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    [wanted[0] ? gradient : nil]
  }

  /// The input's elements times 0 or 1 / (1 − rate), and those factors.
  public func evaluateInTraining(
    _ x: Tensor, random: inout SplitMix64, on workers: Workers
  ) -> (output: Tensor, drawn: Tensor) {
    let kept = 1 / (1 - rate)
    // 24 bits are a number in 0…1 whose steps a Float has.
    let threshold = UInt64(rate * 16_777_216)
    let factors = Tensor(
      shape: x.shape, values: (0..<x.count).map { _ in random.next() >> 40 < threshold ? 0 : kept })
    return (Multiply().evaluate([x, factors], on: workers)[0], factors)
  }

  /// The gradient times the factors.
  public func gradientInTraining(_ x: Tensor, drawn: Tensor, _ gradient: Tensor, on workers: Workers) -> Tensor {
    Multiply().evaluate([gradient, drawn], on: workers)[0]
  }

  /// The input's bytes.
  /// - Throws: `GraphError` when input and output are quantized differently.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    try node.expectSameQuantization()
    return .alias
  }
}
