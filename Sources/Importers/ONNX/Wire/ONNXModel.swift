/// What this importer reads of a ModelProto. Field numbers: onnx/onnx.proto of the ONNX project.
struct ONNXModel {
  var producer = ""
  /// Operator set versions by domain; the default domain is "".
  var operatorSets: [String: Int] = [:]
  var graph = ONNXGraph()
  var hasGraph = false
  /// Operators that the file defines itself; they are not read.
  var functionCount = 0

  init(_ file: [UInt8]) throws(WireFault) {
    var reader = WireReader(file, 0..<file.count)
    while let field = try reader.next() {
      switch field.number {
      case 2: producer = try reader.text(field)
      case 7:
        graph = try ONNXGraph(file, try reader.bytes(field))
        hasGraph = true
      case 8:
        var set = WireReader(file, try reader.bytes(field))
        var (domain, version) = ("", 0)
        while let entry = try set.next() {
          if entry.number == 1 { domain = try set.text(entry) }
          if entry.number == 2 { version = try set.signed(entry) }
        }
        operatorSets[domain == "ai.onnx" ? "" : domain] = version
      case 25: functionCount += 1
      default: break
      }
    }
  }
}

/// A GraphProto.
struct ONNXGraph {
  var name = ""
  var nodes: [ONNXNode] = []
  var initializers: [ONNXTensor] = []
  var inputs: [ONNXValueInfo] = []
  var outputs: [ONNXValueInfo] = []
  /// Shapes of inner values, where the exporter wrote them.
  var valueInfos: [ONNXValueInfo] = []
  var sparseInitializerCount = 0

  init() {}

  init(_ file: [UInt8], _ range: Range<Int>) throws(WireFault) {
    var reader = WireReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case 1: nodes.append(try ONNXNode(file, try reader.bytes(field)))
      case 2: name = try reader.text(field)
      case 5: initializers.append(try ONNXTensor(file, try reader.bytes(field)))
      case 11: inputs.append(try ONNXValueInfo(file, try reader.bytes(field)))
      case 12: outputs.append(try ONNXValueInfo(file, try reader.bytes(field)))
      case 13: valueInfos.append(try ONNXValueInfo(file, try reader.bytes(field)))
      case 15: sparseInitializerCount += 1
      default: break
      }
    }
  }
}

/// A NodeProto. An input with an empty name is an optional one that is absent.
struct ONNXNode {
  var name = ""
  var operation = ""
  var domain = ""
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [ONNXAttribute] = []

  init(_ file: [UInt8], _ range: Range<Int>) throws(WireFault) {
    var reader = WireReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case 1: inputs.append(try reader.text(field))
      case 2: outputs.append(try reader.text(field))
      case 3: name = try reader.text(field)
      case 4: operation = try reader.text(field)
      case 5: attributes.append(try ONNXAttribute(file, try reader.bytes(field)))
      case 7: domain = try reader.text(field)
      default: break
      }
    }
    if domain == "ai.onnx" { domain = "" }
  }

  /// For messages: the name, or that of the first output.
  var label: String {
    if !name.isEmpty { return name }
    return outputs.first { !$0.isEmpty } ?? "a node without a name"
  }
}

/// An AttributeProto: whichever of its values the file has. Subgraphs are only noticed, never read.
struct ONNXAttribute {
  var name = ""
  var integer: Int?
  var float: Float?
  var text: String?
  var tensor: ONNXTensor?
  var integers: [Int] = []
  var floats: [Float] = []
  var isSubgraph = false

  init(_ file: [UInt8], _ range: Range<Int>) throws(WireFault) {
    var reader = WireReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.text(field)
      case 2:
        var list: [Float] = []
        try reader.appendFloats(field, to: &list)
        float = list.last
      case 3: integer = try reader.signed(field)
      case 4: text = try reader.text(field)
      case 5: tensor = try ONNXTensor(file, try reader.bytes(field))
      case 6, 11: isSubgraph = true
      case 7: try reader.appendFloats(field, to: &floats)
      case 8: try reader.appendSigned(field, to: &integers)
      default: break
      }
    }
  }
}

/// A ValueInfoProto of a tensor.
struct ONNXValueInfo {
  enum Dimension: Equatable {
    case fixed(Int)
    case symbolic(String)
  }

  var name = ""
  /// A TensorProto.DataType; 0 when unknown.
  var elementType = 0
  /// nil when the file gives no shape.
  var dimensions: [Dimension]?
  var isTensor = true

  init(_ file: [UInt8], _ range: Range<Int>) throws(WireFault) {
    var reader = WireReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.text(field)
      case 2: try readType(file, try reader.bytes(field))
      default: break
      }
    }
  }

  private mutating func readType(_ file: [UInt8], _ range: Range<Int>) throws(WireFault) {
    var type = WireReader(file, range)
    while let field = try type.next() {
      guard field.number == 1 else {
        isTensor = isTensor && field.number == 6
        continue
      }
      var tensor = WireReader(file, try type.bytes(field))
      while let entry = try tensor.next() {
        if entry.number == 1 { elementType = try tensor.signed(entry) }
        if entry.number == 2 { dimensions = try Self.shape(file, try tensor.bytes(entry)) }
      }
    }
  }

  private static func shape(_ file: [UInt8], _ range: Range<Int>) throws(WireFault) -> [Dimension] {
    var shape = WireReader(file, range)
    var dimensions: [Dimension] = []
    while let field = try shape.next() {
      guard field.number == 1 else { continue }
      var dimension = WireReader(file, try shape.bytes(field))
      var value = Dimension.symbolic("")
      while let entry = try dimension.next() {
        if entry.number == 1 { value = .fixed(try dimension.signed(entry)) }
        if entry.number == 2 { value = .symbolic(try dimension.text(entry)) }
      }
      dimensions.append(value)
    }
    return dimensions
  }

  /// The shape where every size is known and positive.
  var fixedShape: [Int]? {
    guard let dimensions else { return nil }
    var shape: [Int] = []
    for dimension in dimensions {
      guard case .fixed(let size) = dimension, size > 0 else { return nil }
      shape.append(size)
    }
    return shape
  }
}
