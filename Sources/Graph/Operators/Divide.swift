/// The quotient of two activations under numpy's broadcasting rule.
public struct Divide: PairOperator {
  /// "Divide".
  public static var kind: String { "Divide" }

  /// The elementwise quotient.
  public init() {}

  /// a / b.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let result = combine(inputs[0], inputs[1], clamp: nil, on: workers) { output, a, stepA, b, stepB, count in
      for index in 0..<count { output[index] = a[index * stepA] / b[index * stepB] }
    }
    return [result]
  }

  /// A record of the runtime's Divide: a float32 factor for each byte of b. A byte that stands for 0 gives the largest
  /// factor, with the sign of the side on which most of b's range lies.
  /// - Throws: `GraphError` when an operand is a constant, or broadcast in a way that the runtime has no form for.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    try node.expectRuntimeBroadcast()
    var record = LoweredOperator(code: 21, operands: [0, 1])
    let (divisor, largest) = (try node.activation(1), Double(1 << 20))
    let scale = Double(try node.activation(0).scale) / Double(try node.outputRule().scale)
    for stored in 0..<256 {
      let real = Double(divisor.real(Int8(stored - 128)))
      let exact = real == 0 ? (divisor.zeroPoint > 0 ? -largest : largest) : scale / real
      let factor = Float(max(-largest, min(largest, exact)))
      record.table += littleEndian(factor.bitPattern)
    }
    let (low, high) = try node.clampBounds()
    record.parameters = [low, high]
    return .step(record)
  }
}
