import Graph

/// The file's type of integers that stand for quantized numbers. In the graph they are int8: uint8 shifts by 128, exactly.
typealias IntegerCode = SourceLayout.StoredInteger

extension IntegerCode {
  /// nil for types that activations cannot have here.
  init?(type: Int) {
    switch type {
    case 2: self = .uint8
    case 3: self = .int8
    default: return nil
    }
  }

  /// What is subtracted from the file's integers.
  var offset: Int { self == .uint8 ? 128 : 0 }
}

extension ONNXNode {
  /// The operator's name, after its domain unless that is ONNX's own: "com.microsoft.QLinearAdd".
  var qualifiedOperation: String { domain.isEmpty ? operation : "\(domain).\(operation)" }
}

/// Operators that move quantized integers as they are.
private let movingOperators: Set<String> = [
  "Concat", "DepthToSpace", "Dropout", "Flatten", "Gather", "GlobalMaxPool", "Identity", "MaxPool", "Pad", "ReduceMax",
  "Reshape", "Resize", "Slice", "SpaceToDepth", "Split", "Squeeze", "Transpose", "Unsqueeze",
]

/// Operators that know what quantized integers are, or that do not look at elements.
private let knowingOperators: Set<String> = [
  "Cast", "ConvInteger", "DequantizeLinear", "MatMulInteger", "QLinearConv", "QLinearMatMul", "Shape", "Size",
]

extension NodeArguments {
  /// The type of the integers that the node passes on; nil where it reads none or knows what they are.
  /// - Throws: `Unsupported` for an operator that would compute with the integers themselves.
  func passedCode() throws(Unsupported) -> IntegerCode? {
    let views: [ActivationView] = operands.compactMap { if case .activation(let view) = $0 { view } else { nil } }
    guard let code = views.lazy.compactMap(\.code).first else { return nil }
    if knowingOperators.contains(node.operation) || node.domain == "com.microsoft" { return nil }
    guard movingOperators.contains(node.operation), views.allSatisfy({ $0.code == code }) else {
      throw Unsupported(
        "it computes with quantized integers as if they were numbers", "Put a DequantizeLinear node before it")
    }
    if node.operation == "Resize", text("mode") ?? "nearest" != "nearest" {
      throw Unsupported("it interpolates between quantized integers", "Put a DequantizeLinear node before it")
    }
    return code
  }
}

extension Translator {
  /// Says of a node's results that they are quantized integers, as its inputs were.
  func mark(_ results: inout [Operand], _ code: IntegerCode, _ node: NodeArguments) throws(Unsupported) {
    for index in results.indices {
      guard case .activation(var view) = results[index] else { continue }
      view.code = code
      results[index] = .activation(view)
    }
  }
}

extension Translator {
  /// Integers cast to floats: an input of pixels counts in steps of 1. Numbers that have another scale are not these
  /// integers.
  mutating func integersAsNumbers(_ view: ActivationView, _ code: IntegerCode) throws(Unsupported) -> ActivationView {
    let rule = Quantization(scale: 1, zeroPoint: Int32(-code.offset))
    if graph[view.id].quantization == nil { graph[view.id].quantization = rule }
    guard graph[view.id].quantization == rule else {
      throw Unsupported("it casts quantized integers to floats", "Use a DequantizeLinear node")
    }
    var result = view
    result.code = nil
    return result
  }
}
