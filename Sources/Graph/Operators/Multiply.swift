import CShim

/// The product of two activations under numpy's broadcasting rule.
///
/// Inputs: a, b; at run time an operand is a whole image, one value a channel [N,1,1,C], or one a pixel [N,H,W,1].
public struct Multiply: PreparedOperator {
  /// "Multiply".
  public static var kind: String { "Multiply" }

  /// Whether the factor scale · scale ÷ output scale is rounded to float32 after each step, as XNNPACK does, so that an
  /// imported network gives its bytes; else once, from double precision.
  public var roundsFactorStepwise: Bool

  /// The elementwise product.
  public init(roundsFactorStepwise: Bool = false) { self.roundsFactorStepwise = roundsFactorStepwise }

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

  /// a · b.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    evaluate(inputs, prepared: nil, clamp: nil, on: workers)
  }

  func evaluate(
    _ inputs: [Tensor], prepared: PackedFloats?, clamp: ClosedRange<Float>?, on workers: Workers
  ) -> [Tensor] {
    [combine(inputs[0], inputs[1], clamp: clamp, on: workers) { martlet_float_multiply($0, $1, $2, $3, $4, $5) }]
  }

  /// A record of the runtime's Multiply.
  /// - Throws: `GraphError` when an operand is a constant, or broadcast in a way that the runtime has no form for.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    try node.expectRuntimeBroadcast()
    if node.isInt16 { return try node.lowerInt16Product() }
    let (a, b, output) = (try node.activation(0).scale, try node.activation(1).scale, try node.outputRule().scale)
    var record = LoweredOperator(code: 7, operands: [0, 1])
    let exact = roundsFactorStepwise ? Double(a * b / output) : Double(a) * Double(b) / Double(output)
    let factor = limitedFactor(exact, magnitude: 65536, node.name, notes: &record.notes)
    let (low, high) = try node.clampBounds()
    record.parameters = [low, high, parameter(factor)]
    return .step(record)
  }
}
