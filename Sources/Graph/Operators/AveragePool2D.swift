import CShim

/// The mean of each window.
///
/// Input: image [N,H,W,C]. A window as large as the image is a global average pool.
public struct AveragePool2D: Operator {
  /// "AveragePool2D".
  public static var kind: String { "AveragePool2D" }

  /// How a mean of int8 values is rounded where input and output have one quantization. (Elsewhere, always to even.)
  public enum Rounding: Hashable, Sendable {
    /// The real mean in float32, ties to even.
    case nearestEven
    /// The sum of the int8 values ÷ taps in whole numbers, ties away from zero: the TFLite int8 rule.
    case awayFromZero
    /// The sum of the values + 128 ÷ taps in whole numbers, ties upward: the TFLite uint8 rule.
    case upward
  }

  /// Taps of the window.
  public var window: Size2D
  /// Input pixels from an output pixel to the next.
  public var stride: Size2D
  /// Zeros around the image.
  public var padding: Padding2D
  /// Whether padding counts in the divisor. What hangs over the padding (`roundsUp`) never does.
  public var countsPadding: Bool
  /// Whether a last window may hang over the end (ONNX `ceil_mode`).
  public var roundsUp: Bool
  /// How int8 means are rounded.
  public var rounding: Rounding

  /// An average pooling with these attributes.
  public init(
    window: Size2D, stride: Size2D = .one, padding: Padding2D = .zero, countsPadding: Bool = false,
    roundsUp: Bool = false, rounding: Rounding = .nearestEven
  ) {
    self.window = window
    self.stride = stride
    self.padding = padding
    self.countsPadding = countsPadding
    self.roundsUp = roundsUp
    self.rounding = rounding
  }

  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// Sixteen bits need no scale of their own for a mean.
  public var int16OutputQuantization: OutputQuantization? { .sameAsInput }

  /// [N,OH,OW,C].
  /// - Throws: `GraphError` when the window does not fit.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "image")
    let image = inputs[0]
    let geometry = try Window2D(image: image, window: window, stride: stride, padding: padding, roundsUp: roundsUp)
    return [[image[0], geometry.outputHeight, geometry.outputWidth, image[3]]]
  }

  /// The mean over taps; a window that lies in padding alone gives 0.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let geometry = Window2D(uncheckedImage: inputs[0].shape, window, stride, .one, padding, roundsUp)
    let channels = inputs[0].shape[3]
    return [
      pool(inputs[0], geometry, on: workers, start: 0) { into, from, count in
        martlet_float_accumulate(into, from, count)
      } finish: { into, row, column in
        let taps =
          countsPadding
          ? geometry.rows.paddedTapCount(row) * geometry.columns.paddedTapCount(column)
          : geometry.rows.taps(row).count * geometry.columns.taps(column).count
        martlet_float_scale(into, 1 / Float(max(1, taps)), channels)
      }
    ]
  }

  /// A record of the runtime's AveragePool2D.
  /// - Throws: `GraphError` when a window may lie in padding alone, or a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    let geometry = Window2D(uncheckedImage: node.inputs[0].shape, window, stride, .one, padding, roundsUp)
    if node.isInt16 {
      try node.expectSameQuantization()
      let (low, high) = try node.anyClampBounds()
      let parameters = try geometry.poolingParameters(node.name) + [countsPadding ? 1 : 0, low, high]
      return .step(LoweredOperator(code: 46, operands: [0], parameters: parameters))
    }
    var record = LoweredOperator(code: 5, operands: [0], parameters: try geometry.poolingParameters(node.name))
    let exact = Double(try node.activation(0).scale) / Double(try node.outputRule().scale)
    let taps = Double(window.height * window.width)
    let factor = limitedFactor(exact, magnitude: 256 * taps, node.name, notes: &record.notes)
    let (low, high) = try node.clampBounds()
    record.parameters += [countsPadding ? 1 : 0, parameter(factor), low, high]
    if rounding != .nearestEven, try node.activation(0) == node.outputRule() {
      record.parameters.append(rounding == .awayFromZero ? 1 : 2)
    }
    return .step(record)
  }
}
