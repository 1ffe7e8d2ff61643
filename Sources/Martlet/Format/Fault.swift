/// Why the runtime refused something: eight bytes. The host explains it in a sentence (`martlet explain`).
public struct Fault: Error, Equatable, Sendable {
  /// What is wrong.
  public var code: Code
  /// The operator or tensor it concerns, or 0xFFFF.
  public var index: UInt16
  /// A byte offset in the file, or the value that is missing, as the code's explanation says.
  public var detail: UInt32

  /// A fault with its place.
  public init(_ code: Code, index: Int = 0xFFFF, detail: Int = 0) {
    self.code = code
    self.index = UInt16(truncatingIfNeeded: index)
    self.detail = UInt32(truncatingIfNeeded: detail)
  }

  /// Every reason. The numbers are stable.
  public enum Code: UInt16, Sendable {
    /// The file is shorter than its header, or than the header says (detail: bytes needed).
    case truncated = 1
    /// The first eight bytes are not those of a packed model.
    case notAModel = 2
    /// Written in a format version that this library does not read (detail: the version).
    case unsupportedVersion = 3
    /// The bytes are not those that were written (detail: 0 header, 1 body).
    case checksum = 4
    /// A section lies outside the file, overlaps the header, or is misaligned (detail: the section).
    case section = 5
    /// A count exceeds `Limits` (detail: the count).
    case limit = 6
    /// A tensor's shape, pitch or place in the arena is impossible (index: the tensor).
    case tensor = 7
    /// A tensor's scale or zero point is impossible (index: the tensor).
    case quantization = 8
    /// An operand names no tensor, or one not yet computed (index: the operator).
    case operand = 9
    /// No operator of this code is known here (index: the operator; detail: the code).
    case unknownOperator = 10
    /// An operator's parameters contradict its tensors (index: the operator; detail: the parameter).
    case parameter = 11
    /// An operator's weights, channels or table have the wrong place or size (index: the operator).
    case constant = 12
    /// A factor is not finite, or could overflow the accumulator (index: the operator; detail: the channel).
    case factor = 13
    /// Scratch is too small, misaligned or outside the arena (index: the operator; detail: bytes needed).
    case scratch = 14
    /// Buffers that are alive together overlap (index: the operator).
    case overlap = 15
    /// A name, label or preprocessing record is malformed (detail: byte offset).
    case text = 16
    /// The arena given is smaller than the header says (detail: bytes needed).
    case arenaTooSmall = 17
    /// The arena or the model is not 64-byte aligned (detail: 0 arena, 1 model).
    case misaligned = 18
    /// No such input or output, or data of another size (index: which; detail: bytes needed).
    case inputOutput = 19
    /// The self-test's answer differs (index: the first operator whose output differs; none: the file has no self-test).
    case selfTest = 20
    /// The schedule names an operator that does not exist, or leaves out, repeats or mixes up rows (index: the operator).
    case schedule = 24
    /// A head patch's sizes, scales or biases are impossible (index: the layer; none: the header's), or it belongs to
    /// another network, or a head's examples do not suffice.
    case head = 25
  }
}

#if !hasFeature(Embedded)
  extension Fault.Code: CaseIterable {}
#endif
