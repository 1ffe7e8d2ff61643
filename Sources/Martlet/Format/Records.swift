/// A stretch of a section, in bytes from the section's start.
public struct Extent: BitwiseCopyable, Equatable, Sendable {
  /// Bytes from the start of the section that the owner names.
  public var offset: UInt32
  /// Length in bytes; 0 when there is nothing.
  public var bytes: UInt32

  /// A stretch of `bytes` bytes from `offset` on.
  public init(offset: UInt32 = 0, bytes: UInt32 = 0) {
    self.offset = offset
    self.bytes = bytes
  }
}

/// The sections of a packed model, in the order of the header's table.
public enum Section: Int, Sendable {
  /// `TensorRecord`s.
  case tensors
  /// `OperatorRecord`s, in execution order.
  case operators
  /// UInt32 tensor indices that operator records and the header point into.
  case operands
  /// Packed int8 weights, each 64-byte aligned.
  case weights
  /// Per-channel constants (`martlet_channel_block`), each 64-byte aligned.
  case channels
  /// Look-up tables, each 64-byte aligned.
  case tables
  /// UTF-8 names that records point into.
  case text
  /// Class labels, one a line, UTF-8.
  case labels
  /// One `PreprocessingRecord`, or nothing.
  case preprocessing
  /// `key: value` lines, UTF-8: source hash, converter version, calibration hash, seed.
  case provenance
  /// One input and a check of each operator's output, or nothing.
  case selfTest
  /// A signature over everything else, or nothing.
  case signature
  /// `TurnRecord`s: the order in which operators compute rows; nothing: each operator in order, all rows at once.
  case schedule
}

#if !hasFeature(Embedded)
  extension Section: CaseIterable {}
#endif

/// The first 256 bytes of a packed model. Little-endian.
public struct Header: BitwiseCopyable, Sendable {
  /// "MARTLET\n" as a little-endian word.
  public var magic: UInt64 = Header.magic
  /// `Header.version` when this library wrote it.
  public var formatVersion: UInt32 = Header.version
  /// Size of this header.
  public var headerBytes: UInt32 = 256
  /// Size of the whole file.
  public var fileBytes: UInt64 = 0
  /// `martlet_checksum` of every byte after the header.
  public var bodyChecksum: UInt32 = 0
  /// `martlet_checksum` of the header with this field 0.
  public var headerChecksum: UInt32 = 0
  /// Exactly the arena that a session needs.
  public var arenaBytes: UInt64 = 0
  /// Multiply-accumulates of one inference, padding excluded.
  public var macs: UInt64 = 0
  /// Weights and biases of the network as it was imported, after batch-norm folding.
  public var parameters: UInt64 = 0
  /// Where in the operands section the input tensors' indices are, and how many.
  public var firstInput: UInt32 = 0
  /// Number of network inputs.
  public var inputCount: UInt32 = 0
  /// Where in the operands section the output tensors' indices are.
  public var firstOutput: UInt32 = 0
  /// Number of network outputs.
  public var outputCount: UInt32 = 0
  /// One extent a `Section`, its offset from the start of the file, a multiple of 64.
  public var sections: InlineArray<13, Extent> = .init(repeating: Extent())
  var reserved: InlineArray<20, UInt32> = .init(repeating: 0)

  /// A header with the magic and version of this library and nothing else.
  public init() {}

  /// "MARTLET\n".
  public static var magic: UInt64 { 0x0A54_454C_5452_414D }
  /// The version that this library writes.
  public static var version: UInt32 { 1 }
  /// Size in bytes.
  public static var byteCount: Int { 256 }

  // Writing through a public subscript makes a coroutine, whose frame is on the heap: not where nothing may allocate.
  #if hasFeature(Embedded)
    /// The extent of a section in the file.
    public subscript(section: Section) -> Extent { sections[section.rawValue] }
  #else
    /// The extent of a section in the file.
    public subscript(section: Section) -> Extent {
      get { sections[section.rawValue] }
      set { sections[section.rawValue] = newValue }
    }
  #endif
}

/// One activation tensor H×W×C, batch 1: uint8 in the arena (stored = int8 + 128), or as `elementType` says. 64 bytes.
public struct TensorRecord: BitwiseCopyable, Sendable {
  /// In the text section.
  public var name = Extent()
  /// Rows.
  public var height: Int32 = 1
  /// Pixels a row.
  public var width: Int32 = 1
  /// Channels a pixel, adjacent in memory.
  public var channels: Int32 = 1
  /// `ElementType`: 0 eight bits, 1 int16, 2 int32.
  public var elementType: UInt32 = 0
  /// real = scale × (value − zeroPoint).
  public var scale: Float = 1
  /// In the int8 domain, −128…127 (the stored domain's is 128 more); of int16 0 for most operators, of int32
  /// always.
  public var zeroPoint: Int32 = 0
  /// First byte in the arena.
  public var arenaOffset: UInt32 = 0
  /// Bytes from a row to the next.
  public var rowPitchBytes: UInt32 = 0
  /// Bytes from a pixel to the next; more than its channels take for a view into a wider tensor.
  public var pixelPitchBytes: UInt32 = 0
  /// Rows that have room: `height`, or fewer for a ring.
  public var rowsHeld: Int32 = 1
  /// 1: a state, which keeps its values from one run to the next and whose bytes are nobody else's; else 0.
  public var flags: UInt32 = 0
  var reserved: InlineArray<3, UInt32> = .init(repeating: 0)

  /// The bit of `flags` that marks a state.
  public static var stateFlag: UInt32 { 1 }

  /// A 1×1×1 tensor at offset 0.
  public init() {}
  /// Number of values: height × width × channels. For the tensors of a verified model.
  public var count: Int { Int(height) * Int(width) * Int(channels) }
  /// Size in bytes.
  public static var byteCount: Int { 64 }
}

/// One step of the network. 192 bytes.
public struct OperatorRecord: BitwiseCopyable, Sendable {
  /// `Operator.code`.
  public var code: UInt32 = 0
  /// Meaning belongs to the operator; 0 otherwise.
  public var flags: UInt32 = 0
  /// In the text section.
  public var name = Extent()
  /// Where in the operands section this operator's input tensor indices are.
  public var firstInput: UInt32 = 0
  /// How many inputs.
  public var inputCount: UInt32 = 0
  /// Tensor index.
  public var output: UInt32 = 0
  /// First scratch byte in the arena, a multiple of 64.
  public var scratchOffset: UInt32 = 0
  /// What `Operator.scratchBytes` says.
  public var scratchBytes: UInt32 = 0
  /// Multiply-accumulates, saturated.
  public var macs: UInt32 = 0
  /// In the weights section.
  public var weights = Extent()
  /// In the channels section.
  public var channels = Extent()
  /// In the tables section.
  public var table = Extent()
  /// Meaning and order belong to the operator; floats as their bits.
  public var parameters: InlineArray<32, Int32> = .init(repeating: 0)

  /// An empty record.
  public init() {}
  /// Size in bytes.
  public static var byteCount: Int { 192 }
}

/// One entry of a schedule: some rows of an operator's output, or rows of the first input that the caller pushes. 8 bytes.
///
/// The entries of an operator cover its output's rows from the first to the last, each once.
public struct TurnRecord: BitwiseCopyable, Sendable {
  /// The operator, or `pushedInput`.
  public var operatorIndex: UInt16 = 0
  /// How many rows, at least 1.
  public var rowCount: UInt16 = 0
  /// The first of them.
  public var firstRow: Int32 = 0

  /// Rows of an operator's output.
  public init(operatorIndex: UInt16, firstRow: Int32, rowCount: UInt16) {
    self.operatorIndex = operatorIndex
    self.rowCount = rowCount
    self.firstRow = firstRow
  }

  /// Instead of an operator: the caller gives these rows of the first input.
  public static var pushedInput: UInt16 { 0xFFFF }
  /// Size in bytes.
  public static var byteCount: Int { 8 }
}

/// How a picture becomes the input tensor. 896 bytes: the rules, then the table that applies them.
public struct PreprocessingRecord: BitwiseCopyable, Sendable {
  /// Input height in pixels.
  public var height: Int32 = 0
  /// Input width in pixels.
  public var width: Int32 = 0
  /// 1 or 3.
  public var channels: Int32 = 0
  /// 0: stretch to width×height. 1: resize the shorter side to `resizeShorterSide`, then cut out the center.
  /// 2: cut out the central `cropFraction` of the largest rectangle of the input's proportions, then resize.
  public var resizeRule: UInt32 = 0
  /// Pixels; for `resizeRule` 1.
  public var resizeShorterSide: Int32 = 0
  /// 0: red first. 1: blue first.
  public var channelOrder: UInt32 = 0
  /// Subtracted, in units of 0…255.
  public var mean: InlineArray<3, Float> = .init(repeating: 0)
  /// Divided by, in units of 0…255.
  public var standardDeviation: InlineArray<3, Float> = .init(repeating: 1)
  /// In 0…1; for `resizeRule` 2.
  public var cropFraction: Float = 1
  /// 0: bilinear, widened where the picture shrinks. 1: bilinear between the nearest two pixels of each axis.
  public var interpolation: UInt32 = 0
  var reserved: InlineArray<18, UInt32> = .init(repeating: 0)
  /// For each channel, the stored activation byte of each pixel value.
  public var pixelTable: InlineArray<768, UInt8> = .init(repeating: 0)

  /// No picture.
  public init() {}
  /// Size in bytes.
  public static var byteCount: Int { 896 }
}

/// What the self-test section begins with: 64 bytes. `operatorCount` CRC-32s follow, one an operator's output in execution
/// order, then the values of the network's inputs one after the other.
public struct SelfTestRecord: BitwiseCopyable, Sendable {
  /// The model's number of operators.
  public var operatorCount: UInt32 = 0
  /// Bytes of all inputs: int8 values, H×W×C, without gaps.
  public var inputBytes: UInt32 = 0
  var reserved: InlineArray<14, UInt32> = .init(repeating: 0)

  /// Nothing.
  public init() {}
  /// Size in bytes.
  public static var byteCount: Int { 64 }
}
