/// The smaller of two activations, place by place, under numpy's broadcasting rule.
public struct Minimum: PairOperator {
  /// "Minimum".
  public static var kind: String { "Minimum" }

  /// The elementwise minimum.
  public init() {}

  /// min(a, b).
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let result = combine(inputs[0], inputs[1], clamp: nil, on: workers) { output, a, stepA, b, stepB, count in
      for index in 0..<count { output[index] = min(a[index * stepA], b[index * stepB]) }
    }
    return [result]
  }

  /// A record of the runtime's Minimum: for each operand a table from its quantization to the output's, upside down.
  /// - Throws: `GraphError` when an operand is a constant, or broadcast in a way that the runtime has no form for.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    try node.expectRuntimeBroadcast()
    var record = LoweredOperator(code: 15, operands: [0, 1])
    for index in 0..<2 {
      record.table += activationTable(
        from: try node.activation(index), to: try node.outputRule(), clamp: node.clamp
      ) { $0 }.map { 255 - $0 }
    }
    record.table += (0...255).reversed()
    return .step(record)
  }
}
