/// A matrix product over the last axis.
///
/// Inputs: x […,K], weights [M,K], bias [M].
public struct FullyConnected: Operator {
  /// "FullyConnected".
  public static var kind: String { "FullyConnected" }

  /// A fully connected layer.
  public init() {}

  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// […,M].
  /// - Throws: `GraphError` when the weights or the bias do not fit.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x", "weights", "bias")
    guard inputs[1].count == 2 else {
      throw GraphError("the weights must be M×K, but their shape is \(inputs[1])")
    }
    guard let depth = inputs[0].last, depth == inputs[1][1] else {
      throw GraphError("an input of shape \(inputs[0]) does not end in the weights' \(inputs[1][1]) columns")
    }
    try expectShape(inputs[2], [inputs[1][0]], "the bias")
    return [inputs[0].dropLast() + [inputs[1][0]]]
  }

  /// Positions × K × M.
  public func macs(inputs: [[Int]], output: [Int]) -> Int {
    inputs[0].reduce(1, *) * inputs[1][0]
  }

  /// x · weightsᵀ + bias.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let (input, weights, bias) = (inputs[0], inputs[1], inputs[2])
    let (outputs, depth) = (weights.shape[0], weights.shape[1])
    let result = Tensor.filled(input.shape.dropLast() + [outputs]) { result in
      input.withPointer { x in
        weights.withPointer { w in
          nonisolated(unsafe) let (result, x, w) = (result, x, w)
          workers.split(input.count / depth * outputs) { range in
            for index in range {
              let (row, output) = index.quotientAndRemainder(dividingBy: outputs)
              var sum = bias.values[output]
              for k in 0..<depth { sum += x[row * depth + k] * w[output * depth + k] }
              result[index] = sum
            }
          }
        }
      }
    }
    return [result]
  }

  /// A record of the runtime's FullyConnected; for more than one position, of a 1×1 Conv2D.
  /// - Throws: `GraphError` when weights are not constant or a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    let weights = try node.constant(1, "weights")
    let bias = try node.constant(2, "bias")
    _ = try node.runtimeShape(0)
    let packing = DensePacking(
      outputs: weights.shape[0], kernel: .one, depth: weights.shape[1], groups: 1, dilation: .one)
    let isSinglePosition = node.inputs[0].shape.dropLast().allSatisfy { $0 == 1 }
    var record = try node.denseRecord(code: isSinglePosition ? 3 : 1, weights: weights, bias: bias, packing: packing)
    let (low, high) = try node.clampBounds()
    record.parameters =
      isSinglePosition ? [low, high] : [1, 1, 1, 1, 1, 1, 0, 0, 1, 1, low, high, parameter(Float(0))]
    return .step(record)
  }
}
