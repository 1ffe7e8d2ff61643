/// A matrix product over the last axis.
///
/// Inputs: x […,K], weights [M,K], bias [M].
public struct FullyConnected: PreparedOperator {
  /// "FullyConnected".
  public static var kind: String { "FullyConnected" }

  /// A fully connected layer.
  public init() {}

  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// Calibrated.
  public var int16OutputQuantization: OutputQuantization? { .calibrated }

  /// Yes.
  public var hasFourBitForm: Bool { true }

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
    evaluate(inputs, prepared: nil, clamp: nil, on: workers)
  }

  func prepare(_ inputs: [Tensor?]) -> PackedFloats? {
    inputs[1].map { packedMatrices($0, outputs: $0.shape[0], groups: 1) }
  }

  /// A 1×1 convolution of an image with one row of positions.
  func evaluate(
    _ inputs: [Tensor], prepared: PackedFloats?, clamp: ClosedRange<Float>?, on workers: Workers
  ) -> [Tensor] {
    let (outputs, depth) = (inputs[1].shape[0], inputs[1].shape[1])
    let image = [1, 1, inputs[0].count / depth, depth]
    let window = Window2D(uncheckedImage: image, .one, .one, .one, .zero)
    let convolution = FloatConvolution(image: image, window: window, outputs: outputs, groups: 1, clamp: clamp)
    var result = convolution.dense(
      inputs[0], weights: prepared ?? packedMatrices(inputs[1], outputs: outputs, groups: 1), bias: inputs[2],
      residual: nil, on: workers)
    result.shape = inputs[0].shape.dropLast() + [outputs]
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
    if node.isInt16 { try node.expectEightBitWeights() }
    let codes: [UInt32] = node.isInt16 ? [40, 42] : node.weightBits == .four ? [60, 61] : [1, 3]
    var record = try node.denseRecord(
      code: codes[isSinglePosition ? 1 : 0], weights: weights, bias: bias, packing: packing)
    let (low, high) = try node.anyClampBounds()
    record.parameters = isSinglePosition ? [low, high] : [1, 1, 1, 1, 1, 1, 0, 0, 1, 1, low, high]
    if !isSinglePosition, !node.isInt16 { record.parameters.append(parameter(Float(0))) }
    if node.weightBits == .four { record.parameters.append(1) }
    return .step(record)
  }
}
