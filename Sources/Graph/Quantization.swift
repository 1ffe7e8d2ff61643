/// How real numbers become integers: real = scale × (q − zeroPoint), per tensor; int8 asymmetric, int16 symmetric.
/// The public TFLite specifications' rules for activations of 8 and of 16 bits.
public struct Quantization: Equatable, Sendable {
  /// The integers that a tensor holds; the raw value is the packed file's number.
  public enum Element: UInt32, Sendable {
    /// −128…127.
    case int8 = 0
    /// −32768…32767, zero point 0.
    case int16 = 1
    /// Indices and counts: scale 1, zero point 0. Only what the user gets.
    case int32 = 2

    /// Bytes that one value takes.
    public var byteCount: Int {
      switch self {
      case .int8: 1
      case .int16: 2
      case .int32: 4
      }
    }

    /// The values that it can hold.
    public var values: ClosedRange<Int32> {
      switch self {
      case .int8: -128...127
      case .int16: -32768...32767
      case .int32: .min ... .max
      }
    }
  }

  /// Positive and finite.
  public var scale: Float
  /// A value of the element type; 0 for int16, but for what softmax may give, and for int32.
  public var zeroPoint: Int32
  /// What the tensor holds.
  public var element: Element

  /// A rule with this scale and zero point.
  public init(scale: Float, zeroPoint: Int32, element: Element = .int8) {
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.element = element
  }

  /// Whether the scale is positive and finite and the zero point one that the element type may have.
  public var isPossible: Bool {
    scale > 0 && scale.isFinite && (element == .int32 ? 0...0 : element.values).contains(zeroPoint)
  }

  /// The nearest value of the element type, ties to even, saturated.
  public func quantized(_ real: Float) -> Int32 {
    let values = element.values
    let steps = (Double(real) / Double(scale)).rounded(.toNearestOrEven)
    if steps.isNaN { return zeroPoint }
    return Int32(max(Double(values.lowerBound), min(Double(values.upperBound), steps + Double(zeroPoint))))
  }

  /// The real number that a value stands for.
  public func real(ofValue quantized: Int32) -> Float {
    scale * Float(Double(quantized) - Double(zeroPoint))
  }

  /// The nearest int8 value, ties to even, saturated. For rules of eight bits.
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
