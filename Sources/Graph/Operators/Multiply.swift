/// The product of two activations under numpy's broadcasting rule.
///
/// Inputs: a, b; at run time an operand is a whole image, one value a channel [N,1,1,C], or one a pixel [N,H,W,1].
public struct Multiply: Operator {
  /// "Multiply".
  public static var kind: String { "Multiply" }

  /// The elementwise product.
  public init() {}

  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// The common shape.
  /// - Throws: `GraphError` when the shapes cannot be broadcast.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "a", "b")
    return [try Broadcast(inputs[0], inputs[1]).shape]
  }

  /// a · b.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    [combine(inputs[0], inputs[1], on: workers) { $0 * $1 }]
  }
}
