/// Encodes protobuf fields: just enough to build ONNX models in memory.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  mutating func varint(_ value: Int) {
    var rest = UInt64(bitPattern: Int64(value))
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func integer(_ field: Int, _ value: Int) {
    varint(field << 3)
    varint(value)
  }

  mutating func bytes(_ field: Int, _ content: [UInt8]) {
    varint(field << 3 | 2)
    varint(content.count)
    bytes += content
  }

  mutating func text(_ field: Int, _ content: String) { bytes(field, Array(content.utf8)) }

  mutating func float(_ field: Int, _ value: Float) {
    varint(field << 3 | 5)
    bytes += littleEndian(value.bitPattern)
  }

  mutating func message(_ field: Int, _ fill: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    fill(&inner)
    bytes(field, inner.bytes)
  }
}

/// A TensorProto's fields.
struct TensorSpecification {
  var name = ""
  var shape: [Int]
  var type: Int
  var raw: [UInt8]
  /// Keys and values of external_data; the data lies in another file where there are any.
  var external: [(key: String, value: String)] = []

  static func floats(_ name: String, _ shape: [Int], _ values: [Float]) -> Self {
    Self(name: name, shape: shape, type: 1, raw: values.flatMap { littleEndian($0.bitPattern) })
  }

  static func integers(_ name: String, _ values: [Int], shape: [Int]? = nil) -> Self {
    Self(name: name, shape: shape ?? [values.count], type: 7, raw: values.flatMap { littleEndian($0) })
  }

  /// Elements of one byte: uint8 (type 2) or int8 (type 3).
  static func bytes(_ name: String, _ shape: [Int], type: Int, _ values: [Int]) -> Self {
    Self(name: name, shape: shape, type: type, raw: values.map { UInt8(truncatingIfNeeded: $0) })
  }

  /// Elements of four bytes.
  static func int32(_ name: String, _ values: [Int]) -> Self {
    Self(name: name, shape: [values.count], type: 6, raw: values.flatMap { littleEndian(Int32($0)) })
  }

  func write(_ writer: inout ProtobufWriter) {
    for size in shape { writer.integer(1, size) }
    writer.integer(2, type)
    writer.text(8, name)
    guard !external.isEmpty else { return writer.bytes(9, raw) }
    for (key, value) in external {
      writer.message(13) { entry in
        entry.text(1, key)
        entry.text(2, value)
      }
    }
    writer.integer(14, 1)
  }
}

/// An AttributeProto.
enum AttributeSpecification {
  case integer(String, Int)
  case integers(String, [Int])
  case float(String, Float)
  case text(String, String)
  case tensor(String, TensorSpecification)

  func write(_ writer: inout ProtobufWriter) {
    switch self {
    case .integer(let name, let value):
      writer.text(1, name)
      writer.integer(3, value)
    case .integers(let name, let values):
      writer.text(1, name)
      for value in values { writer.integer(8, value) }
    case .float(let name, let value):
      writer.text(1, name)
      writer.float(2, value)
    case .text(let name, let value):
      writer.text(1, name)
      writer.text(4, value)
    case .tensor(let name, let value):
      writer.text(1, name)
      writer.message(5) { value.write(&$0) }
    }
  }
}

/// A dimension of an input or output: a size or a symbol.
enum DimensionSpecification: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  case size(Int)
  case symbol(String)

  init(integerLiteral value: Int) { self = .size(value) }
  init(stringLiteral value: String) { self = .symbol(value) }
}

/// A ModelProto in the making.
struct ModelSpecification {
  var operatorSet = 13
  var inputs: [(name: String, shape: [DimensionSpecification])] = []
  var outputs = ["y"]
  /// The inputs' TensorProto.DataType.
  var inputType = 1
  var initializers: [TensorSpecification] = []
  private var nodes: [[UInt8]] = []

  init(operatorSet: Int = 13, input shape: [DimensionSpecification] = []) {
    self.operatorSet = operatorSet
    if !shape.isEmpty { inputs = [("x", shape)] }
  }

  mutating func node(
    _ operation: String, _ inputs: [String], _ outputs: [String], _ attributes: [AttributeSpecification] = [],
    name: String = "", domain: String = ""
  ) {
    var writer = ProtobufWriter()
    for input in inputs { writer.text(1, input) }
    for output in outputs { writer.text(2, output) }
    writer.text(3, name)
    writer.text(4, operation)
    for attribute in attributes { writer.message(5) { attribute.write(&$0) } }
    if !domain.isEmpty { writer.text(7, domain) }
    nodes.append(writer.bytes)
  }

  /// The file.
  var encoded: [UInt8] {
    var writer = ProtobufWriter()
    writer.integer(1, 8)
    writer.text(2, "test")
    writer.message(7) { graph in
      for node in nodes { graph.bytes(1, node) }
      graph.text(2, "network")
      for tensor in initializers { graph.message(5) { tensor.write(&$0) } }
      for input in inputs { graph.message(11) { Self.writeValue(&$0, input.name, input.shape, type: inputType) } }
      for output in outputs { graph.message(12) { Self.writeValue(&$0, output, [], type: 1) } }
    }
    writer.message(8) { $0.integer(2, operatorSet) }
    return writer.bytes
  }

  private static func writeValue(
    _ writer: inout ProtobufWriter, _ name: String, _ shape: [DimensionSpecification], type elementType: Int
  ) {
    writer.text(1, name)
    guard !shape.isEmpty else { return }
    writer.message(2) { type in
      type.message(1) { tensor in
        tensor.integer(1, elementType)
        tensor.message(2) { list in
          for dimension in shape {
            list.message(1) { entry in
              switch dimension {
              case .size(let size): entry.integer(1, size)
              case .symbol(let name): entry.text(2, name)
              }
            }
          }
        }
      }
    }
  }
}
