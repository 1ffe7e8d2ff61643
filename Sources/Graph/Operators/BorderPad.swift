/// Adds elements taken from the tensor itself around it.
///
/// At run time rows and columns can be added, as a Resize to the nearest pixel whose table names the pixels.
public struct BorderPad: Operator {
  /// "BorderPad".
  public static var kind: String { "BorderPad" }

  /// What lies beyond the end of an axis abc.
  public enum Border: Hashable, Sendable {
    /// The last element: abc|ccc.
    case edge
    /// A mirror in the last element: abc|ba.
    case reflect
    /// A mirror behind the last element: abc|cba.
    case symmetric
    /// The axis again: abc|abc.
    case wrap
  }

  /// Elements before each axis, batch included.
  public var before: [Int]
  /// Elements after each axis.
  public var after: [Int]
  /// What they are.
  public var border: Border

  /// Pads with the tensor's own elements; one entry an axis.
  public init(before: [Int], after: [Int], border: Border) {
    self.before = before
    self.after = after
    self.border = border
  }

  /// The bytes pass through.
  public var outputQuantization: OutputQuantization { .sameAsInput }

  /// The grown shape.
  /// - Throws: `GraphError` when an amount is negative or missing.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x")
    return [try paddedShape(inputs[0], before: before, after: after)]
  }

  /// The padded tensor.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let shape = inputs[0].shape
    let sources = shape.indices.map { indices(alongAxis: $0, size: shape[$0]) }
    let strides = rowMajorStrides(shape)
    let last = sources.last ?? [0]
    let padded = sources.map(\.count)
    let result = workers.tensor(padded) { result in
      inputs[0].withPointer { x in
        nonisolated(unsafe) let (result, x) = (result, x)
        let lines = padded.dropLast().reduce(1, *)
        workers.split(lines, minimum: max(1, smallestElementwisePart / last.count)) { range in
          for line in range {
            var (offset, rest) = (0, line)
            for axis in padded.indices.dropLast().reversed() {
              offset += sources[axis][rest % padded[axis]] * strides[axis]
              rest /= padded[axis]
            }
            for (index, source) in last.enumerated() { result[line * last.count + index] = x[offset + source] }
          }
        }
      }
    }
    return [result]
  }

  /// The input element that each output element of an axis is.
  func indices(alongAxis axis: Int, size: Int) -> [Int] {
    (-before[axis]..<size + after[axis]).map { place in
      switch border {
      case .edge: max(0, min(size - 1, place))
      case .wrap: remainder(place, size)
      case .symmetric: mirrored(remainder(place, 2 * size), 2 * size - 1, size)
      case .reflect: size == 1 ? 0 : mirrored(remainder(place, 2 * size - 2), 2 * size - 2, size)
      }
    }
  }

  private func mirrored(_ place: Int, _ turn: Int, _ size: Int) -> Int { place < size ? place : turn - place }

  /// Never negative.
  private func remainder(_ place: Int, _ size: Int) -> Int {
    let rest = place % size
    return rest < 0 ? rest + size : rest
  }

  /// A record of the runtime's Resize.
  /// - Throws: `GraphError` when other axes than rows and columns grow.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    try node.expectSameQuantization()
    let (shape, rank) = (try node.runtimeShape(0), node.inputs[0].shape.count)
    var sources = [Array(0..<shape.height), Array(0..<shape.width)]
    for axis in 0..<rank where before[axis] + after[axis] > 0 {
      guard let place = RuntimeShape.axis(axis, rank: rank), place < 2 else {
        throw GraphError(
          "\(node.name): only rows and columns can grow by their own elements at run time, not axis \(axis) of "
            + "\(node.inputs[0].shape); pad with a constant, or transpose")
      }
      sources[place] = indices(alongAxis: axis, size: node.inputs[0].shape[axis])
    }
    var record = LoweredOperator(code: 19, operands: [0], parameters: [0])
    record.table = sources.flatMap { $0 }.flatMap { littleEndian(Int32($0)) }
    return .step(record)
  }
}
