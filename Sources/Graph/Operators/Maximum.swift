/// The larger of two activations, place by place, under numpy's broadcasting rule.
public struct Maximum: PairOperator {
  /// "Maximum".
  public static var kind: String { "Maximum" }

  /// The elementwise maximum.
  public init() {}

  /// max(a, b).
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let result = combine(inputs[0], inputs[1], clamp: nil, on: workers) { output, a, stepA, b, stepB, count in
      for index in 0..<count { output[index] = max(a[index * stepA], b[index * stepB]) }
    }
    return [result]
  }

  /// A record of the runtime's Maximum: for each operand a table from its quantization to the output's.
  /// - Throws: `GraphError` when an operand is a constant, or broadcast in a way that the runtime has no form for.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    try node.expectRuntimeBroadcast()
    var record = LoweredOperator(code: 14, operands: [0, 1])
    for index in 0..<2 {
      record.table += activationTable(
        from: try node.activation(index), to: try node.outputRule(), clamp: node.clamp
      ) { $0 }
    }
    return .step(record)
  }
}
