/// Convolution of each channel with a kernel of its own.
///
/// Inputs: image [N,H,W,C], weights [KH,KW,C], bias [C].
public struct DepthwiseConv2D: PreparedOperator {
  /// "DepthwiseConv2D".
  public static var kind: String { "DepthwiseConv2D" }
  /// Input pixels from an output pixel to the next.
  public var stride: Size2D
  /// Input pixels from a tap to the next.
  public var dilation: Size2D
  /// Zeros around the image.
  public var padding: Padding2D

  /// A depthwise convolution with these attributes.
  public init(stride: Size2D = .one, dilation: Size2D = .one, padding: Padding2D = .zero) {
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
  }

  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// Calibrated.
  public var int16OutputQuantization: OutputQuantization? { .calibrated }

  /// [N,OH,OW,C].
  /// - Throws: `GraphError` when channels, bias or window do not fit.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "image", "weights", "bias")
    let (image, weights) = (inputs[0], inputs[1])
    try expectImage(image)
    guard weights.count == 3 else {
      throw GraphError("the weights must be KH×KW×C, but their shape is \(weights)")
    }
    guard weights[2] == image[3] else {
      throw GraphError("the image has \(image[3]) channels but the weights have \(weights[2])")
    }
    try expectShape(inputs[2], [image[3]], "the bias")
    let window = try Window2D(
      image: image, window: Size2D(weights[0], weights[1]), stride: stride, dilation: dilation, padding: padding)
    return [[image[0], window.outputHeight, window.outputWidth, image[3]]]
  }

  /// Multiply-accumulates with taps inside the image.
  public func macs(inputs: [[Int]], output: [Int]) -> Int {
    let weights = inputs[1]
    let window = Window2D(uncheckedImage: inputs[0], Size2D(weights[0], weights[1]), stride, dilation, padding)
    return inputs[0][0] * window.tapCount * inputs[0][3]
  }

  /// The sum over taps, plus bias.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    evaluate(inputs, prepared: nil, clamp: nil, on: workers)
  }

  func evaluate(
    _ inputs: [Tensor], prepared: PackedFloats?, clamp: ClosedRange<Float>?, on workers: Workers
  ) -> [Tensor] {
    let (image, weights) = (inputs[0].shape, inputs[1].shape)
    let window = Window2D(uncheckedImage: image, Size2D(weights[0], weights[1]), stride, dilation, padding)
    if image[0] > 1 {
      return [
        PaddedWindows.convolveDepthwise(
          inputs[0], weights: inputs[1], bias: inputs[2], window, clamp: clamp, on: workers)
      ]
    }
    let convolution = FloatConvolution(image: image, window: window, outputs: image[3], groups: 0, clamp: clamp)
    return [convolution.depthwise(inputs[0], weights: inputs[1], bias: inputs[2], on: workers)]
  }

  /// A record of the runtime's DepthwiseConv2D with packed weights.
  /// - Throws: `GraphError` when weights are not constant or a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    let weights = try node.constant(1, "weights")
    let bias = try node.constant(2, "bias")
    _ = try node.runtimeShape(0)
    let kernel = Size2D(weights.shape[0], weights.shape[1])
    let packing = DepthwisePacking(channels: weights.shape[2], kernel: kernel)
    var record = try node.depthwiseRecord(weights: weights, bias: bias, packing: packing)
    let (low, high) = try node.anyClampBounds()
    record.parameters =
      try parameters(
        kernel.height, kernel.width, stride.height, stride.width, dilation.height, dilation.width, padding.top,
        padding.left, of: node.name) + [low, high]
    return .step(record)
  }
}
