/// Reorders axes: output axis i is input axis permutation[i].
public struct Transpose: Operator {
  /// "Transpose".
  public static var kind: String { "Transpose" }
  /// One entry an axis, batch included.
  public var permutation: [Int]

  /// Reorders axes.
  public init(permutation: [Int]) { self.permutation = permutation }

  /// The bytes pass through.
  public var outputQuantization: OutputQuantization { .sameAsInput }

  /// The reordered shape.
  /// - Throws: `GraphError` when `permutation` is not one of the input's axes.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x")
    guard permutation.sorted() == Array(inputs[0].indices) else {
      throw GraphError("\(permutation) is not a permutation of the axes of \(inputs[0])")
    }
    return [permutation.map { inputs[0][$0] }]
  }

  /// The reordered tensor.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let strides = rowMajorStrides(inputs[0].shape)
    let shape = permutation.map { inputs[0].shape[$0] }
    return [gather(inputs[0], shape: shape, first: 0, strides: permutation.map { strides[$0] }, on: workers)]
  }
}
