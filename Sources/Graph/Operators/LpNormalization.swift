import CShim

/// Divides each line of the last axis by its norm: √Σx² with order 2, Σ|x| with order 1. A line of zeros stays so.
public struct LpNormalization: Operator {
  /// "LpNormalization".
  public static var kind: String { "LpNormalization" }
  /// 1 or 2.
  public var order: Int

  /// Normalization by the norm of this order.
  public init(order: Int = 2) { self.order = order }

  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// The input's shape.
  /// - Throws: `GraphError` when there is not one input with an axis, or the order is another.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(order, in: 1...2, "the order of the norm")
    return try rowShapes(inputs)
  }

  /// The normalized values.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let order = order
    let result = mapRows(inputs[0], on: workers) { output, x, count in
      var sum = 0.0
      for index in 0..<count { sum += order == 2 ? Double(x[index]) * Double(x[index]) : abs(Double(x[index])) }
      let norm = order == 2 ? sum.squareRoot() : sum
      for index in 0..<count { output[index] = norm == 0 ? 0 : Float(Double(x[index]) / norm) }
    }
    return [result]
  }

  /// A record of the runtime's LpNormalization; the input's scale cancels.
  /// - Throws: `GraphError` when a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    _ = try node.activation(0)
    let (low, high) = try node.clampBounds()
    var record = LoweredOperator(code: 28, operands: [0])
    let exact = 1 / Double(try node.outputRule().scale)
    let factor = limitedFactor(exact, magnitude: 512, node.name, notes: &record.notes)
    record.parameters = [Int32(order), low, high, parameter(factor)]
    return .step(record)
  }
}
