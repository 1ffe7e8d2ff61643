/// How a tensor's values lie in the arena: the number in `TensorRecord.elementType`.
public enum ElementType: UInt32, Sendable {
  /// A byte, the int8 value plus 128.
  case int8 = 0
  /// Two bytes, little-endian, the value as it is; the zero point is 0.
  case int16 = 1
  /// Four bytes, little-endian, the value as it is; the zero point is 0. For indices and counts that the user gets.
  case int32 = 2

  /// Bytes that one value takes.
  public var byteCount: Int32 {
    switch self {
    case .int8: 1
    case .int16: 2
    case .int32: 4
    }
  }
}

extension TensorRecord {
  /// The kind of the tensor's values, or nil when this library knows none of that number.
  public var element: ElementType? { ElementType(rawValue: elementType) }

  /// Bytes that one value takes. For the tensors of a verified model.
  public var elementBytes: Int32 { (element ?? .int8).byteCount }

  /// Bytes of one pixel's values.
  var pixelBytes: Int64 { Wide.of(channels) * Wide.of(elementBytes) }
}

extension Step {
  /// Every input and the output hold values of this kind.
  func requireElements(_ type: ElementType) throws(Fault) {
    try requireElements(inputs: type, output: type)
  }

  /// Every input holds values of one kind, and the output of another.
  func requireElements(inputs: ElementType, output type: ElementType) throws(Fault) {
    for position in 0..<inputCount { try requireElement(ofInput: position, inputs) }
    guard output.elementType == type.rawValue else { throw fault(.operand, inputCount) }
  }

  /// One input holds values of this kind.
  func requireElement(ofInput position: Int, _ type: ElementType) throws(Fault) {
    guard input(position).elementType == type.rawValue else { throw fault(.operand, position) }
  }
}
