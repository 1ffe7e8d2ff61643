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

  /// The values pass through.
  public var int16OutputQuantization: OutputQuantization? { .sameAsInput }

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

  /// A record of the runtime's Transpose, or an alias when no byte moves.
  /// - Throws: `GraphError` when the order has no form on H×W×C.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    try node.expectSameQuantization()
    let input = try node.runtimeShape(0).sizes
    let output = try node.runtimeOutputShape().sizes
    let shape = node.inputs[0].shape
    let wanted = movement(shape, permutation)
    if wanted.count <= 1 { return .alias }
    for candidate in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    where movement(input, candidate) == wanted && candidate.map({ input[$0] }) == output {
      return .step(LoweredOperator(code: 13, operands: [0], parameters: candidate.map { Int32($0) }))
    }
    throw GraphError(
      "\(node.name): the axes of \(shape) cannot be reordered by \(permutation) in the packed network, where a tensor "
        + "is H×W×C; split it into transpositions of neighbouring axes")
  }

  /// What a permutation does to the elements: the sizes and input strides of the output's axes, without axes of one
  /// element and with axes that stay adjacent merged.
  private func movement(_ shape: [Int], _ permutation: [Int]) -> [[Int]] {
    let strides = rowMajorStrides(shape)
    var axes: [[Int]] = []
    for axis in permutation where shape[axis] > 1 {
      if let last = axes.last, last[1] == shape[axis] * strides[axis] {
        axes[axes.count - 1] = [last[0] * shape[axis], strides[axis]]
      } else {
        axes.append([shape[axis], strides[axis]])
      }
    }
    return axes
  }
}
