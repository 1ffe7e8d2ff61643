/// The parts of a `.tflite` file that an import needs, by the public schema (version 3). Constants stay in the file.
struct TFLiteModel {
  var version: Int
  var description: String
  /// Of the first subgraph, as are the following.
  var tensors: [TFLiteTensor]
  var inputs: [Int]
  var outputs: [Int]
  var operators: [TFLiteOperator]
  /// Networks in the file, of which the first is read.
  var networkCount: Int
  /// Names of the ways to call the file's networks.
  var signatures: [String]

  /// Reads all tables of the file's first network.
  init(_ bytes: [UInt8]) throws(FlatBufferFault) {
    let root = try FlatBuffer(bytes).root()
    version = try root.integer(0, as: UInt32.self)
    description = try root.text(3)
    var codes: [(code: Int, custom: String)] = []
    for table in try root.tables(1) {
      let code = max(try table.integer(0, as: Int8.self), try table.integer(3))
      codes.append((code, try table.text(1)))
    }
    let subgraphs = try root.tables(2)
    guard let network = subgraphs.first else {
      throw FlatBufferFault(offset: root.position, reason: "the model has no network")
    }
    networkCount = subgraphs.count
    signatures = []
    for table in try root.tables(7) { signatures.append(try table.text(2)) }
    let buffers = try root.tables(4)
    tensors = []
    for table in try network.tables(0) { tensors.append(try TFLiteTensor(table, buffers: buffers)) }
    inputs = try network.integers(1) ?? []
    outputs = try network.integers(2) ?? []
    operators = []
    for table in try network.tables(3) {
      let index = try table.integer(0, as: UInt32.self)
      guard index < codes.count else {
        throw FlatBufferFault(offset: table.position, reason: "an operator has a code that the file does not list")
      }
      let (code, custom) = codes[index]
      operators.append(
        TFLiteOperator(
          kind: tfliteOperatorName(code, custom: custom), inputs: try table.integers(1) ?? [],
          outputs: try table.integers(2) ?? [], options: try table.table(4)))
    }
    let used = inputs + outputs + operators.flatMap { $0.inputs + $0.outputs }
    guard used.allSatisfy({ (-1..<tensors.count).contains($0) }) else {
      throw FlatBufferFault(offset: network.position, reason: "the network names a tensor that it does not have")
    }
  }
}

/// One application of an operator.
struct TFLiteOperator {
  /// "CONV_2D".
  var kind: String
  /// Tensors; −1 for an absent one.
  var inputs: [Int]
  var outputs: [Int]
  /// The operator's own attributes.
  var options: FlatTable?
}

/// An activation or constant.
struct TFLiteTensor {
  var name: String
  var shape: [Int]
  var type: TFLiteType
  /// Where a constant's elements lie in the file; nil for activations.
  var data: Range<Int>?
  var quantization: TFLiteQuantization?
  var isVariable: Bool
  var isSparse: Bool

  init(_ table: FlatTable, buffers: [FlatTable]) throws(FlatBufferFault) {
    name = try table.text(3)
    shape = try table.integers(0) ?? []
    type = TFLiteType(code: try table.integer(1, as: Int8.self))
    isVariable = try table.integer(5, as: UInt8.self) != 0
    isSparse = try table.table(6) != nil
    let buffer = try table.integer(2, as: UInt32.self)
    guard buffer == 0 || buffer < buffers.count else {
      throw FlatBufferFault(offset: table.position, reason: "a tensor names a buffer that the file does not have")
    }
    if buffer > 0, let range = try buffers[buffer].byteRange(0), !range.isEmpty { data = range }
    if buffer > 0, try buffers[buffer].integer(1, as: UInt64.self) > 1 {
      throw FlatBufferFault(offset: table.position, reason: "a tensor's data lies behind the tables, as in huge models")
    }
    if let rule = try table.table(4) { quantization = try TFLiteQuantization(rule) }
  }
}

/// real = scale × (q − zero point), for a whole tensor or for each index of one dimension.
struct TFLiteQuantization: Equatable {
  var scales: [Float]
  /// As many as scales.
  var zeroPoints: [Int]
  var dimension: Int

  /// One rule for a whole tensor.
  init(scale: Float, zeroPoint: Int) { (scales, zeroPoints, dimension) = ([scale], [zeroPoint], 0) }

  /// Nil when the table names no scale.
  init?(_ table: FlatTable) throws(FlatBufferFault) {
    scales = try table.floats(2) ?? []
    zeroPoints = try table.integers(3, as: Int64.self) ?? []
    dimension = try table.integer(6)
    guard !scales.isEmpty else { return nil }
    if zeroPoints.isEmpty { zeroPoints = [Int](repeating: 0, count: scales.count) }
    if zeroPoints.count == 1 { zeroPoints = [Int](repeating: zeroPoints[0], count: scales.count) }
    guard zeroPoints.count == scales.count else {
      throw FlatBufferFault(offset: table.position, reason: "a tensor has more scales than zero points, or fewer")
    }
  }
}

/// Element types that can be met.
enum TFLiteType: Equatable {
  case float32, float16, int32, uint8, int64, int16, int8, bool, int4
  case other(Int)

  init(code: Int) {
    let known: [Int: TFLiteType] = [
      0: .float32, 1: .float16, 2: .int32, 3: .uint8, 4: .int64, 6: .bool, 7: .int16, 9: .int8, 17: .int4,
    ]
    self = known[code] ?? .other(code)
  }

  /// Bits of an element; nil for types that are not read.
  var bitCount: Int? {
    switch self {
    case .float32, .int32: 32
    case .float16, .int16: 16
    case .int64: 64
    case .uint8, .int8, .bool: 8
    case .int4: 4
    case .other: nil
    }
  }

  /// For messages.
  var name: String {
    if case .other(let code) = self { "type \(code)" } else { "\(self)" }
  }
}
