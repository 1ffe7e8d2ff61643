/// Two-dimensional convolution, optionally grouped, with an optional residual added to its result.
///
/// Inputs: image [N,H,W,IC], weights [OC,KH,KW,IC/groups], bias [OC], and with `hasResidual` a residual of the
/// output's shape [N,OH,OW,OC].
public struct Conv2D: PreparedOperator {
  /// "Conv2D".
  public static var kind: String { "Conv2D" }
  /// Input pixels from an output pixel to the next.
  public var stride: Size2D
  /// Input pixels from a tap to the next.
  public var dilation: Size2D
  /// Zeros around the image.
  public var padding: Padding2D
  /// The channels are split into this many independent convolutions.
  public var groups: Int
  /// Whether the last input is added before the clamp.
  public var hasResidual: Bool

  /// A convolution with these attributes.
  public init(
    stride: Size2D = .one, dilation: Size2D = .one, padding: Padding2D = .zero, groups: Int = 1,
    hasResidual: Bool = false
  ) {
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.groups = groups
    self.hasResidual = hasResidual
  }

  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// Calibrated; a residual has no int16 form.
  public var int16OutputQuantization: OutputQuantization? { hasResidual ? nil : .calibrated }

  /// Yes.
  public var hasFourBitForm: Bool { true }

  /// [N,OH,OW,OC].
  /// - Throws: `GraphError` when channels, groups, bias, residual or window do not fit.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    if hasResidual {
      try expect(inputs, "image", "weights", "bias", "residual")
    } else {
      try expect(inputs, "image", "weights", "bias")
    }
    let (image, weights) = (inputs[0], inputs[1])
    try expectImage(image)
    try expectImage(weights, "the weights (OC×KH×KW×IC/groups)")
    try expect(groups, in: 1...largestAttribute, "the number of groups")
    guard image[3] == weights[3] * groups, weights[0] % groups == 0 else {
      throw GraphError(
        "an image of \(image[3]) channels in \(groups) groups does not fit weights of \(weights[0]) output and "
          + "\(weights[3]) input channels a group")
    }
    try expectShape(inputs[2], [weights[0]], "the bias")
    let window = try Window2D(
      image: image, window: Size2D(weights[1], weights[2]), stride: stride, dilation: dilation, padding: padding)
    let output = [image[0], window.outputHeight, window.outputWidth, weights[0]]
    if hasResidual { try expectShape(inputs[3], output, "the residual") }
    return [output]
  }

  /// Multiply-accumulates with taps inside the image.
  public func macs(inputs: [[Int]], output: [Int]) -> Int {
    let weights = inputs[1]
    let window = Window2D(uncheckedImage: inputs[0], Size2D(weights[1], weights[2]), stride, dilation, padding)
    return inputs[0][0] * window.tapCount * weights[3] * weights[0]
  }

  /// The sum over taps and input channels, plus bias, plus residual.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    evaluate(inputs, prepared: nil, clamp: nil, on: workers)
  }

  func prepare(_ inputs: [Tensor?]) -> PackedFloats? {
    inputs[1].map { packedMatrices($0, outputs: $0.shape[0], groups: groups) }
  }

  func evaluate(
    _ inputs: [Tensor], prepared: PackedFloats?, clamp: ClosedRange<Float>?, on workers: Workers
  ) -> [Tensor] {
    let (image, weights) = (inputs[0].shape, inputs[1].shape)
    let window = Window2D(uncheckedImage: image, Size2D(weights[1], weights[2]), stride, dilation, padding)
    let packed = prepared ?? packedMatrices(inputs[1], outputs: weights[0], groups: groups)
    if image[0] > 1, !hasResidual {
      return [
        PaddedWindows.convolve(
          inputs[0], weights: packed, bias: inputs[2], window, outputs: weights[0], groups: groups, clamp: clamp,
          on: workers)
      ]
    }
    let convolution = FloatConvolution(
      image: image, window: window, outputs: weights[0], groups: groups, clamp: clamp)
    return [
      convolution.dense(
        inputs[0], weights: packed, bias: inputs[2], residual: hasResidual ? inputs[3] : nil, on: workers)
    ]
  }

  /// A record of the runtime's Conv2D with packed weights.
  /// - Throws: `GraphError` when weights are not constant or a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    let weights = try node.constant(1, "weights")
    let bias = try node.constant(2, "bias")
    _ = try node.runtimeShape(0)
    let kernel = Size2D(weights.shape[1], weights.shape[2])
    let packing = DensePacking(
      outputs: weights.shape[0], kernel: kernel, depth: weights.shape[3], groups: groups, dilation: dilation)
    if node.isInt16 { return try lowerInt16(node, weights, bias, packing) }
    var residualFactor = 0.0
    if hasResidual {
      residualFactor = Double(try node.activation(3).scale) / Double(try node.outputRule().scale)
    }
    var notes: [String] = []
    let limited = limitedFactor(residualFactor, magnitude: 512, node.name, notes: &notes)
    var record = try node.denseRecord(
      code: node.weightBits == .four ? 60 : 1, weights: weights, bias: bias, packing: packing,
      residualFactor: Double(limited))
    if hasResidual { record.operands.append(3) }
    record.notes += notes
    let (low, high) = try node.clampBounds()
    record.parameters =
      try parameters(
        kernel.height, kernel.width, stride.height, stride.width, dilation.height, dilation.width, padding.top,
        padding.left, groups, packing.runsPerRow, of: node.name) + [low, high, parameter(limited)]
    if node.weightBits == .four { record.parameters.append(1) }
    return .step(record)
  }

  private func lowerInt16(
    _ node: LoweringContext, _ weights: Tensor, _ bias: Tensor, _ packing: DensePacking
  ) throws(GraphError) -> Lowered {
    guard !hasResidual else {
      throw GraphError("\(node.name): a residual has no int16 form; add it by a layer of its own")
    }
    try node.expectEightBitWeights()
    var record = try node.denseRecord(code: 40, weights: weights, bias: bias, packing: packing)
    let (low, high) = try node.anyClampBounds()
    record.parameters =
      try parameters(
        packing.kernel.height, packing.kernel.width, stride.height, stride.width, dilation.height, dilation.width,
        padding.top, padding.left, groups, packing.runsPerRow, of: node.name) + [low, high]
    return .step(record)
  }
}
