import CShim

/// The difference of two activations under numpy's broadcasting rule.
///
/// Inputs: a, b; at run time an operand is a whole image, one value a channel [N,1,1,C], or one a pixel [N,H,W,1].
public struct Subtract: Operator {
  /// "Subtract".
  public static var kind: String { "Subtract" }

  /// Whether the packed operator adds in fixed point, as XNNPACK does: for imported networks that shall give its bytes.
  public var isFixedPoint: Bool

  /// The elementwise difference.
  public init(isFixedPoint: Bool = false) { self.isFixedPoint = isFixedPoint }

  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// Place by place.
  public var isElementwise: Bool { true }

  /// Calibrated.
  public var int16OutputQuantization: OutputQuantization? { .calibrated }

  /// The common shape.
  /// - Throws: `GraphError` when the shapes cannot be broadcast.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "a", "b")
    return [try Broadcast(inputs[0], inputs[1]).shape]
  }

  /// a − b.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let result = combine(inputs[0], inputs[1], clamp: nil, on: workers) { output, a, stepA, b, stepB, count in
      for index in 0..<count { output[index] = a[index * stepA] - b[index * stepB] }
    }
    return [result]
  }

  /// A record of the runtime's Subtract.
  /// - Throws: `GraphError` when an operand is a constant, or broadcast in a way that the runtime has no form for.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    try node.expectRuntimeBroadcast()
    if node.isInt16 { return try node.lowerInt16Sum(signOfSecond: -1) }
    if isFixedPoint, let sum = try node.fixedPointSum() {
      let (low, high) = try node.clampBounds()
      return .step(
        LoweredOperator(
          code: 16, operands: [0, 1], parameters: [low, high, sum.multiplierA, sum.multiplierB, sum.shift]))
    }
    let output = Double(try node.outputRule().scale)
    var record = LoweredOperator(code: 16, operands: [0, 1])
    var factors: [Int32] = []
    for index in 0..<2 {
      let exact = Double(try node.activation(index).scale) / output
      factors.append(parameter(limitedFactor(exact, magnitude: 512, node.name, notes: &record.notes)))
    }
    let (low, high) = try node.clampBounds()
    record.parameters = [low, high] + factors
    return .step(record)
  }
}
