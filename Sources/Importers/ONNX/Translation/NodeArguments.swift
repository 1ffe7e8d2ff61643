import Graph

/// One node with its operands: what a handler gets.
struct NodeArguments {
  let node: ONNXNode
  /// nil where an optional input is absent.
  let operands: [Operand?]
  let file: [UInt8]
  let operatorSet: Int

  /// For the graph's nodes.
  var name: String { node.label }

  /// The same node with other operands.
  func with(_ operands: [Operand?]) -> NodeArguments {
    NodeArguments(node: node, operands: operands, file: file, operatorSet: operatorSet)
  }

  /// Whether an optional input is there.
  func has(_ index: Int) -> Bool { index < operands.count && operands[index] != nil }

  /// An input that the network computes.
  func activation(_ index: Int) throws(Unsupported) -> ActivationView {
    guard index < operands.count, let operand = operands[index] else {
      throw .invalid("its input \(index) is missing")
    }
    if case .activation(let view) = operand { return view }
    throw Unsupported(
      "its input \(index) is a constant where an activation is expected", "Simplify the model before exporting it")
  }

  /// An input that is known now.
  func constant(_ index: Int) throws(Unsupported) -> Constant {
    guard let constant = try optionalConstant(index) else { throw .invalid("its input \(index) is missing") }
    return constant
  }

  /// An input that is known now, or nil when it is absent.
  func optionalConstant(_ index: Int) throws(Unsupported) -> Constant? {
    guard index < operands.count, let operand = operands[index] else { return nil }
    if case .constant(let constant) = operand { return constant }
    throw Unsupported(
      "its input \(index) is computed by the network, not a constant",
      "Export with fixed shapes and weights, or simplify the model first (onnx-simplifier)")
  }

  /// A constant input of integers, flattened, or nil when it is absent.
  func integers(_ index: Int) throws(Unsupported) -> [Int]? {
    guard let constant = try optionalConstant(index) else { return nil }
    if let integers = constant.elements.integers { return integers }
    if constant.count == 0 { return [] }
    throw .invalid("its input \(index) should be integers")
  }

  /// A constant input of one number, or nil when it is absent.
  func scalar(_ index: Int) throws(Unsupported) -> Float? {
    guard let constant = try optionalConstant(index) else { return nil }
    guard constant.count == 1 else { throw .invalid("its input \(index) should be one number") }
    return constant.floats[0]
  }
}

/// Attributes.
extension NodeArguments {
  private func attribute(_ name: String) -> ONNXAttribute? { node.attributes.first { $0.name == name } }

  /// An integer attribute.
  func integer(_ name: String, default value: Int) -> Int { attribute(name)?.integer ?? value }

  /// A float attribute.
  func float(_ name: String, default value: Float) -> Float { attribute(name)?.float ?? value }

  /// A text attribute.
  func text(_ name: String) -> String? { attribute(name)?.text }

  /// A list attribute, or nil when it is absent.
  func integers(named name: String) -> [Int]? { attribute(name)?.integers }

  /// A list attribute, or nil when it is absent.
  func floats(named name: String) -> [Float]? { attribute(name)?.floats }

  /// A tensor attribute, or nil when it is absent.
  func tensor(_ name: String) -> ONNXTensor? { attribute(name)?.tensor }

  /// A list of sizes (strides, kernels, pads) of this length, each in `range`; `value` repeated when it is absent.
  func sizes(
    _ name: String, count: Int, default value: Int, in range: ClosedRange<Int>
  ) throws(Unsupported) -> [Int] {
    guard let list = integers(named: name), !list.isEmpty else { return [Int](repeating: value, count: count) }
    guard list.count == count, list.allSatisfy({ range.contains($0) }) else {
      throw .invalid("its \(name) \(list.prefix(8)) should be \(count) numbers in \(range)")
    }
    return list
  }

  /// Axes counted from the end made positive, each once and below `rank`.
  func normalizedAxes(_ axes: [Int], rank: Int) throws(Unsupported) -> [Int] {
    var result: [Int] = []
    for axis in axes {
      guard axis >= -rank, axis < rank else { throw .invalid("its axis \(axis) is outside \(rank) dimensions") }
      let positive = axis < 0 ? axis + rank : axis
      guard !result.contains(positive) else { throw .invalid("its axis \(axis) is named twice") }
      result.append(positive)
    }
    return result
  }
}
