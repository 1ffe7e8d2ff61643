/// An operator of two activations, place by place, under numpy's broadcasting rule.
///
/// Inputs: a, b; at run time an operand is a whole image, one value a channel [N,1,1,C], or one a pixel [N,H,W,1].
public protocol PairOperator: Operator {}

extension PairOperator {
  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// Place by place.
  public var isElementwise: Bool { true }

  /// The common shape.
  /// - Throws: `GraphError` when the shapes cannot be broadcast.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "a", "b")
    return [try Broadcast(inputs[0], inputs[1]).shape]
  }
}
