/// The same elements in the same order under another shape.
public struct Reshape: Operator {
  /// "Reshape".
  public static var kind: String { "Reshape" }
  /// The new shape, batch included, every dimension known.
  public var shape: [Int]

  /// Gives the input another shape.
  public init(shape: [Int]) { self.shape = shape }

  /// The bytes pass through.
  public var outputQuantization: OutputQuantization { .sameAsInput }

  /// The values pass through.
  public var int16OutputQuantization: OutputQuantization? { .sameAsInput }

  /// `shape`.
  /// - Throws: `GraphError` when the numbers of elements differ.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x")
    try expectPlausible(shape, "the output")
    guard shape.reduce(1, *) == inputs[0].reduce(1, *) else {
      throw GraphError("an input of shape \(inputs[0]) cannot become \(shape): the numbers of elements differ")
    }
    return [shape]
  }

  /// The input's elements; nothing is copied.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    [Tensor(shape: shape, values: inputs[0].values)]
  }

  /// The input's bytes under another shape.
  /// - Throws: `GraphError` when the new shape has no batch of 1 in front.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    _ = try node.runtimeOutputShape()
    try node.expectSameQuantization()
    return .alias
  }
}
