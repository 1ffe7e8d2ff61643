/// A regular part of a tensor: element i of an axis is input element begin + i · step.
public struct Slice: Operator {
  /// "Slice".
  public static var kind: String { "Slice" }
  /// First element of each axis, batch included.
  public var begin: [Int]
  /// Elements taken of each axis.
  public var size: [Int]
  /// From an element to the next; negative runs backwards.
  public var step: [Int]

  /// A part of a tensor; one entry an axis.
  public init(begin: [Int], size: [Int], step: [Int]) {
    self.begin = begin
    self.size = size
    self.step = step
  }

  /// The bytes pass through.
  public var outputQuantization: OutputQuantization { .sameAsInput }

  /// The values pass through.
  public var int16OutputQuantization: OutputQuantization? { .sameAsInput }

  /// `size`.
  /// - Throws: `GraphError` when the part reaches outside the input.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x")
    let shape = inputs[0]
    guard begin.count == shape.count, size.count == shape.count, step.count == shape.count else {
      throw GraphError("begin \(begin), size \(size) and step \(step) need one entry for each axis of \(shape)")
    }
    for axis in shape.indices {
      let (reach, overflow) = (size[axis] - 1).multipliedReportingOverflow(by: step[axis])
      let (last, overflowLast) = begin[axis].addingReportingOverflow(reach)
      guard size[axis] > 0, step[axis] != 0, !overflow, !overflowLast, (0..<shape[axis]).contains(begin[axis]),
        (0..<shape[axis]).contains(last)
      else {
        throw GraphError(
          "axis \(axis): \(size[axis]) elements from \(begin[axis]) in steps of \(step[axis]) do not lie in "
            + "0..<\(shape[axis])")
      }
    }
    return [size]
  }

  /// The part.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let strides = rowMajorStrides(inputs[0].shape)
    let first = zip(begin, strides).reduce(0) { $0 + $1.0 * $1.1 }
    return [gather(inputs[0], shape: size, first: first, strides: zip(step, strides).map { $0 * $1 }, on: workers)]
  }

  /// A record of the runtime's Slice.
  /// - Throws: `GraphError` when a part of merged axes or a backward step has no form at run time.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    try node.expectSameQuantization()
    _ = try node.runtimeShape(0)
    guard step.allSatisfy({ $0 > 0 }) else {
      throw GraphError("\(node.name): a slice that runs backwards has no int8 form; reorder the weights instead")
    }
    let shape = node.inputs[0].shape
    guard shape.count < 5 || step[1] == 1 else {
      throw GraphError("\(node.name): the merged axis 1 of \(shape) can only be sliced in steps of 1 at run time")
    }
    let wholeAxes = zip(size, shape).map { $0 == $1 }
    let begins = try node.runtimeAmounts(begin, of: shape, wholeAxes: zip(wholeAxes, step).map { $0 && $1 == 1 })
    let steps = RuntimeShape.lastAxes(step, missing: 1)
    return .step(
      LoweredOperator(
        code: 11, operands: [0],
        parameters: try parameters(begins[0], begins[1], begins[2], steps[0], steps[1], steps[2], of: node.name)))
  }
}
