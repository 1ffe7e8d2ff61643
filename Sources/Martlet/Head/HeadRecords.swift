/// The network that a head belongs to: what its file's header says of its bytes.
public struct BackboneIdentity: BitwiseCopyable, Equatable, Sendable {
  /// Size of the whole file.
  public var fileBytes: UInt64 = 0
  /// Of all bytes after the header.
  public var bodyChecksum: UInt32 = 0
  /// Of the header.
  public var headerChecksum: UInt32 = 0

  /// The identity of a file with this header.
  public init(_ header: borrowing Header) {
    (fileBytes, bodyChecksum, headerChecksum) = (header.fileBytes, header.bodyChecksum, header.headerChecksum)
  }

  /// No network's.
  public init() {}
}

/// The first 128 bytes of a head patch (`.martlet-head`). Little-endian.
public struct HeadHeader: BitwiseCopyable, Sendable {
  /// "MARTHEAD" as a little-endian word.
  public var magic: UInt64 = HeadHeader.magic
  /// `HeadHeader.version` when this library wrote it.
  public var formatVersion: UInt32 = HeadHeader.version
  /// Size of the whole file.
  public var fileBytes: UInt32 = 0
  /// `martlet_checksum` of every byte after the header.
  public var bodyChecksum: UInt32 = 0
  /// `martlet_checksum` of the header with this field 0.
  public var headerChecksum: UInt32 = 0
  /// The only network that the head fits.
  public var backbone = BackboneIdentity()
  /// The tensor of the backbone that the head reads.
  public var featureTensor: UInt32 = 0
  /// 1: the tensor's mean over its pixels is read; 0: the tensor itself, which is one pixel.
  public var isPooled: UInt32 = 0
  /// Values that the first layer reads.
  public var featureCount: UInt32 = 0
  /// Of the features, or of their means.
  public var featureScale: Float = 1
  /// Of the features, or of their means, in the int8 domain.
  public var featureZeroPoint: Int32 = 0
  /// Outputs of the last layer.
  public var classCount: UInt32 = 0
  /// 1 or 2.
  public var layerCount: UInt32 = 0
  /// UTF-8, one line a class; after the last layer.
  public var labelBytes: UInt32 = 0
  var reserved: InlineArray<14, UInt32> = .init(repeating: 0)

  /// A header with the magic and version of this library and nothing else.
  public init() {}

  /// "MARTHEAD".
  public static var magic: UInt64 { 0x4441_4548_5452_414D }
  /// The version that this library writes.
  public static var version: UInt32 { 1 }
  /// Size in bytes.
  public static var byteCount: Int { 128 }
}

/// One fully connected layer of a head patch. 32 bytes; they stand one after the other behind the header.
///
/// Behind the records follow, for each layer: `outputs` × int32 bias, `outputs` × float weight scale, `outputs` × `inputs`
/// int8 weights, and zeros up to a multiple of four.
public struct HeadLayerRecord: BitwiseCopyable, Sendable {
  /// Values read.
  public var inputs: UInt32 = 0
  /// Values given.
  public var outputs: UInt32 = 0
  /// Of the outputs.
  public var outputScale: Float = 1
  /// Of the outputs, in the int8 domain.
  public var outputZeroPoint: Int32 = 0
  /// The least output, in the int8 domain: the zero point behind a ReLU, else −128.
  public var low: Int32 = -128
  var reserved: InlineArray<3, UInt32> = .init(repeating: 0)

  /// A layer of nothing.
  public init() {}

  /// A layer of this size.
  public init(inputs: Int32, outputs: Int32) {
    (self.inputs, self.outputs) = (UInt32(bitPattern: inputs), UInt32(bitPattern: outputs))
  }

  /// Size in bytes.
  public static var byteCount: Int { 32 }

  /// Bytes of the biases, scales and weights, up to the next layer's. For sizes in their limits.
  var constantBytes: Int {
    let (inputs, outputs) = (Int(truncatingIfNeeded: inputs), Int(truncatingIfNeeded: outputs))
    return 8 &* outputs &+ (outputs &* inputs &+ 3) & ~3
  }
}
