/// Adds elements of one value around a tensor.
public struct Pad: Operator {
  /// "Pad".
  public static var kind: String { "Pad" }
  /// Elements before each axis, batch included.
  public var before: [Int]
  /// Elements after each axis.
  public var after: [Int]
  /// What they are.
  public var value: Float

  /// Pads with `value`; one entry an axis.
  public init(before: [Int], after: [Int], value: Float = 0) {
    self.before = before
    self.after = after
    self.value = value
  }

  /// The bytes pass through.
  public var outputQuantization: OutputQuantization { .sameAsInput }

  /// The values pass through.
  public var int16OutputQuantization: OutputQuantization? { .sameAsInput }

  /// The grown shape.
  /// - Throws: `GraphError` when an amount is negative or missing.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x")
    return [try paddedShape(inputs[0], before: before, after: after)]
  }

  /// The padded tensor.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let shape = inputs[0].shape
    let padded = shape.indices.map { before[$0] + shape[$0] + after[$0] }
    let strides = rowMajorStrides(padded)
    let inner = shape.last ?? 1
    let result = workers.tensor(padded) { result in
      result.initialize(repeating: value, count: padded.reduce(1, *))
      inputs[0].withPointer { x in
        for line in 0..<shape.dropLast().reduce(1, *) {
          var (offset, rest) = (before.last ?? 0, line)
          for axis in shape.indices.dropLast().reversed() {
            offset += (before[axis] + rest % shape[axis]) * strides[axis]
            rest /= shape[axis]
          }
          (result + offset).update(from: x + line * inner, count: inner)
        }
      }
    }
    return [result]
  }

  /// A record of the runtime's Pad.
  /// - Throws: `GraphError` when the batch is padded, or merged axes are in a way that has no form at run time.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    try node.expectSameQuantization()
    _ = try node.runtimeOutputShape()
    let shape = node.inputs[0].shape
    let wholeAxes = zip(before, after).map { $0 == 0 && $1 == 0 }
    let begins = try node.runtimeAmounts(before, of: shape, wholeAxes: wholeAxes)
    let fill = Int(try node.anyActivation(0).quantized(value))
    return .step(
      LoweredOperator(
        code: 12, operands: [0], parameters: try parameters(begins[0], begins[1], begins[2], fill, of: node.name)))
  }
}

/// The shape of a tensor grown by these amounts before and after each axis.
/// - Throws: `GraphError` when an amount is negative or missing.
func paddedShape(_ shape: [Int], before: [Int], after: [Int]) throws(GraphError) -> [Int] {
  guard before.count == shape.count, after.count == shape.count else {
    throw GraphError("amounts before \(before) and after \(after) need one entry for each axis of \(shape)")
  }
  var padded: [Int] = []
  for axis in shape.indices {
    try expect(before[axis], in: 0...largestAttribute, "the padding before axis \(axis)")
    try expect(after[axis], in: 0...largestAttribute, "the padding after axis \(axis)")
    padded.append(before[axis] + shape[axis] + after[axis])
  }
  return padded
}
