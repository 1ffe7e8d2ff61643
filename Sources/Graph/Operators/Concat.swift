/// Joins tensors along one axis.
public struct Concat: Operator {
  /// "Concat".
  public static var kind: String { "Concat" }
  /// The axis, batch included, counted from 0.
  public var axis: Int

  /// Joins along `axis`.
  public init(axis: Int) { self.axis = axis }

  /// Calibrated.
  public var int16OutputQuantization: OutputQuantization? { .calibrated }

  /// The inputs' shape with the sizes along `axis` added.
  /// - Throws: `GraphError` when there is no input or another axis differs.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    guard var shape = inputs.first else { throw GraphError("takes at least one input but has none") }
    guard shape.indices.contains(axis) else {
      throw GraphError("axis \(axis) does not exist in an input of shape \(shape)")
    }
    for other in inputs.dropFirst() {
      var expected = shape
      guard other.count == shape.count else {
        throw GraphError("inputs of shape \(shape) and \(other) cannot be joined: their ranks differ")
      }
      expected[axis] = other[axis]
      guard other == expected else {
        throw GraphError("inputs of shape \(inputs[0]) and \(other) differ in more than axis \(axis)")
      }
      let (sum, overflow) = shape[axis].addingReportingOverflow(other[axis])
      guard !overflow else { throw GraphError("the joined axis \(axis) is too long") }
      shape[axis] = sum
    }
    return [shape]
  }

  /// The joined tensor.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    var shape = inputs[0].shape
    shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
    let outer = shape[..<axis].reduce(1, *)
    let line = shape[axis...].reduce(1, *)
    let result = workers.tensor(shape) { result in
      var begin = 0
      for input in inputs {
        let count = input.shape[axis...].reduce(1, *)
        input.withPointer { x in
          for index in 0..<outer { (result + index * line + begin).update(from: x + index * count, count: count) }
        }
        begin += count
      }
    }
    return [result]
  }

  /// A record of the runtime's Concat; inputs quantized unlike the output go through tables.
  /// - Throws: `GraphError` when images would be joined along the batch, or a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeOutputShape()
    let rank = node.output.shape.count
    guard let runtimeAxis = rank > 4 && axis == 1 ? 0 : RuntimeShape.axis(axis, rank: rank) else {
      throw GraphError(
        "\(node.name): tensors of shape \(node.output.shape) cannot be joined along axis \(axis) in the packed "
          + "network; join along rows, pixels or channels")
    }
    if node.isInt16 {
      let output = try node.int16OutputRule()
      for index in node.inputs.indices where try node.int16Activation(index) != output {
        throw GraphError("\(node.name): int16 tensors that are joined must have one scale; requantize them first")
      }
      return .step(
        LoweredOperator(code: 10, operands: Array(node.inputs.indices), parameters: [Int32(runtimeAxis)]))
    }
    let output = try node.outputRule()
    var tables: [UInt8] = []
    var needsTables = false
    for index in node.inputs.indices {
      let input = try node.activation(index)
      needsTables = needsTables || input != output
      tables += activationTable(from: input, to: output) { $0 }
    }
    var record = LoweredOperator(code: 10, operands: Array(node.inputs.indices), parameters: [Int32(runtimeAxis)])
    if needsTables { record.table = tables }
    return .step(record)
  }
}
