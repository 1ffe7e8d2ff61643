import CShim

/// The largest value of each window; padding never wins.
///
/// Input: image [N,H,W,C].
public struct MaxPool2D: Operator {
  /// "MaxPool2D".
  public static var kind: String { "MaxPool2D" }
  /// Taps of the window.
  public var window: Size2D
  /// Input pixels from an output pixel to the next.
  public var stride: Size2D
  /// Input pixels from a tap to the next.
  public var dilation: Size2D
  /// Pixels around the image that count as smaller than any value.
  public var padding: Padding2D
  /// Whether a last window may hang over the end (ONNX `ceil_mode`).
  public var roundsUp: Bool

  /// A maximum pooling with these attributes.
  public init(
    window: Size2D, stride: Size2D = .one, dilation: Size2D = .one, padding: Padding2D = .zero, roundsUp: Bool = false
  ) {
    self.window = window
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.roundsUp = roundsUp
  }

  /// The bytes pass through.
  public var outputQuantization: OutputQuantization { .sameAsInput }

  /// The values pass through.
  public var int16OutputQuantization: OutputQuantization? { .sameAsInput }

  /// [N,OH,OW,C].
  /// - Throws: `GraphError` when the window does not fit.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "image")
    let image = inputs[0]
    let geometry = try Window2D(
      image: image, window: window, stride: stride, dilation: dilation, padding: padding, roundsUp: roundsUp)
    return [[image[0], geometry.outputHeight, geometry.outputWidth, image[3]]]
  }

  /// The maximum over taps inside the image.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let geometry = Window2D(uncheckedImage: inputs[0].shape, window, stride, dilation, padding, roundsUp)
    return [
      pool(inputs[0], geometry, on: workers, start: -Float.greatestFiniteMagnitude) { into, from, count in
        martlet_float_maximum(into, from, count)
      } finish: { _, _, _ in
      }
    ]
  }

  /// A record of the runtime's MaxPool2D.
  /// - Throws: `GraphError` when a window may lie in padding alone, or the output is quantized unlike the input.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    try node.expectSameQuantization()
    let geometry = Window2D(uncheckedImage: node.inputs[0].shape, window, stride, dilation, padding, roundsUp)
    return .step(
      LoweredOperator(code: node.isInt16 ? 45 : 4, operands: [0], parameters: try geometry.poolingParameters(node.name))
    )
  }
}
