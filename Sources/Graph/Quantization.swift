/// How real numbers become int8: real = scale × (q − zeroPoint), per tensor, asymmetric, q in −128…127.
/// The public TFLite int8 specification's rule for activations.
public struct Quantization: Equatable, Sendable {
  /// Positive and finite.
  public var scale: Float
  /// −128…127.
  public var zeroPoint: Int32

  /// A rule with this scale and zero point.
  public init(scale: Float, zeroPoint: Int32) {
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// The nearest int8 value, ties to even, saturated.
  public func quantize(_ real: Float) -> Int8 {
    let steps = (real / scale).rounded(.toNearestOrEven)
    if steps.isNaN { return Int8(zeroPoint) }
    return Int8(max(-128, min(127, max(-1e6, min(1e6, steps)) + Float(zeroPoint))))
  }

  /// The real number that an int8 value stands for.
  public func real(_ quantized: Int8) -> Float {
    scale * Float(Int32(quantized) - zeroPoint)
  }
}

/// What decides an operator's output quantization.
public enum OutputQuantization: Equatable, Sendable {
  /// The range seen in calibration.
  case calibrated
  /// The same as input 0 (pooling, slices, reshapes): the bytes pass through unchanged.
  case sameAsInput
  /// A rule of the operator's own (softmax: 1/256, −128).
  case fixed(Quantization)
}

extension Graph {
  /// Whether every activation has a quantization, as in an imported int8 network: then nothing has to be calibrated.
  public var isQuantized: Bool {
    !inputs.isEmpty && inputs.allSatisfy { self[$0].quantization != nil }
      && nodes.allSatisfy { node in node.outputs.allSatisfy { self[$0].quantization != nil } }
  }
}
