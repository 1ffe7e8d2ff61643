/// How a tensor's values lie in the arena: the number in `TensorRecord.elementType`.
public enum ElementType: UInt32, Sendable {
  /// A byte, the int8 value plus 128.
  case int8 = 0
  /// Two bytes, little-endian, the value as it is; the zero point is 0, but for what softmax may give.
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

  /// Whether the tensor keeps its values from one run to the next.
  public var isState: Bool { flags & TensorRecord.stateFlag != 0 }

  /// Bytes that one value takes. For the tensors of a verified model.
  public var elementBytes: Int32 { 1 &<< Int32(truncatingIfNeeded: elementType & 3) }

  /// Bytes of one pixel's values, at most 2²² where the dimensions are in their limits.
  var pixelBytes: Int32 { channels &* elementBytes }

  /// Bytes from a row's first value to one past its last. For the tensors of a verified model.
  var rowBytes: Int32 { (width &- 1) &* Int32(bitPattern: pixelPitchBytes) &+ pixelBytes }
}

extension Step {
  /// The output holds values of this kind.
  func requireOutputElement(_ type: ElementType) throws(Fault) {
    guard output.elementType == type.rawValue, !output.isState else { throw fault(.operand, inputCount) }
  }

  /// An input is a state, which the operator reads and changes.
  func requireState(_ position: Int) throws(Fault) {
    guard input(position).isState else { throw fault(.operand, position) }
  }

  /// Every input and the output hold values of this kind; of int16 with zero point 0.
  func requireElements(_ type: ElementType) throws(Fault) {
    try requireElements(inputs: type, output: type)
    guard type == .int16 else { return }
    for position in 0..<inputCount where input(position).zeroPoint != 0 { throw fault(.quantization, position) }
    guard output.zeroPoint == 0 else { throw fault(.quantization, inputCount) }
  }

  /// Every input and the output hold values of the same kind, int8 or int16.
  func requireElementsOfOneKind() throws(Fault) {
    try requireElements(output.element == .int16 ? .int16 : .int8)
  }

  /// Every input holds values of one kind, and the output of another.
  func requireElements(inputs: ElementType, output type: ElementType) throws(Fault) {
    for position in 0..<inputCount { try requireElement(ofInput: position, inputs) }
    try requireOutputElement(type)
  }

  /// One input holds values of this kind, and is no state.
  func requireElement(ofInput position: Int, _ type: ElementType) throws(Fault) {
    guard input(position).elementType == type.rawValue, !input(position).isState else {
      throw fault(.operand, position)
    }
  }
}
