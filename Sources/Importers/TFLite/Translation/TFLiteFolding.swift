import Graph

/// Operators whose operands are all known, as computed shapes and prepared weights are: they are evaluated now.
///
/// The same handlers do it: on an empty graph, whose inputs are the constants. What only moves elements moves their
/// numbers, so that any type and every bit is kept.
struct TFLiteFolding {
  /// What an operator does with the elements of its operands.
  private enum Kind {
    /// Moves those of these operands (nil: of all).
    case movement([Int]?)
    /// Computes with those of these operands (nil: of all).
    case arithmetic([Int]?)
  }

  private static let kinds: [String: Kind] = {
    var kinds: [String: Kind] = [:]
    for kind in [
      "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "SLICE", "STRIDED_SLICE", "GATHER", "SPLIT_V", "UNPACK",
    ] { kinds[kind] = .movement([0]) }
    kinds["SPLIT"] = .movement([1])
    for kind in ["PACK", "CONCATENATION"] { kinds[kind] = .movement(nil) }
    for kind in [
      "ABS", "NEG", "CEIL", "FLOOR", "ROUND", "SIGN", "SQRT", "RSQRT", "SQUARE", "EXP", "LOG", "LOGISTIC", "TANH",
      "RELU",
      "RELU6", "POW", "MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN", "PAD", "PADV2",
    ] { kinds[kind] = .arithmetic([0]) }
    for kind in ["ADD", "SUB", "MUL", "DIV", "FLOOR_DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"] {
      kinds[kind] = .arithmetic(nil)
    }
    return kinds
  }()

  /// For operators that are known only of constants: says so of anything else.
  static func constantsOnly(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    throw Unsupported("its operands are computed by the network", "Only constants can be folded")
  }

  /// The results, if all operands of the node are constants and it can be evaluated; nil if it cannot.
  static func fold(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand]? {
    var constants: [TFLiteConstant] = []
    for index in node.operands.indices where node.has(index) {
      guard case .constant(let constant)? = node.operands[index] else { return nil }
      constants.append(constant)
    }
    guard !constants.isEmpty, constants.count == node.operands.count else { return nil }
    switch (node.operation.kind, kinds[node.operation.kind]) {
    case ("CAST", _): return [.constant(constants[0].cast(to: node.outputs[0].type))]
    case ("QUANTIZE", _): return [.constant(try constants[0].quantized(as: node.outputs[0]))]
    case ("SHAPE", _): return [.constant(.integers(constants[0].shape))]
    case ("RANK", _): return [.constant(.integers([constants[0].shape.count], shape: []))]
    case ("FILL", _): return [.constant(try filled(&translator, node, constants))]
    case ("RANGE", _): return [.constant(try range(&translator, constants))]
    case (_, .movement(let positions)?):
      return try moved(&translator, node, positions ?? Array(constants.indices), constants)
    case (_, .arithmetic(let positions)?):
      return try computed(&translator, node, positions ?? Array(constants.indices), constants)
    default: return nil
    }
  }

  /// Moves the elements' numbers, then takes the elements.
  private static func moved(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode, _ positions: [Int], _ constants: [TFLiteConstant]
  ) throws(Unsupported) -> [TFLiteOperand] {
    guard positions.allSatisfy(constants.indices.contains), let first = positions.first.map({ constants[$0] }),
      positions.allSatisfy({ constants[$0].quantization == first.quantization }),
      (first.quantization?.scales.count ?? 1) == 1
    else {
      throw Unsupported("it moves constants of different scales", "Fold constants before converting")
    }
    var (all, begin): (TFLiteConstant.Elements?, Float) = (nil, 0)
    var inputs: [Int: Tensor] = [:]
    for position in positions {
      let constant = constants[position]
      var joined = constant.elements
      if let all {
        guard let appended = all.appending(joined) else { throw .damaged("its constants are of different types") }
        joined = appended
      }
      guard joined.count < 1 << 24 else {
        throw Unsupported("its constants are too large", "Fold constants before converting")
      }
      all = joined
      let numbers = (0..<constant.elements.count).map { begin + Float($0) }
      begin += Float(numbers.count)
      inputs[position] = Tensor(shape: constant.shape, values: numbers)
    }
    guard let all else { return [] }
    var results: [TFLiteOperand] = []
    for tensor in try evaluated(&translator, node, inputs) {
      guard tensor.values.allSatisfy({ $0 >= 0 && $0 < Float(all.count) }) else {
        throw .damaged("it does not only move its constants")
      }
      results.append(
        .constant(
          TFLiteConstant(
            shape: tensor.shape, elements: all.picked(tensor.values.map { Int($0) }), quantization: first.quantization))
      )
    }
    return results
  }

  /// Computes in float32; whole numbers must stay exact.
  private static func computed(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode, _ positions: [Int], _ constants: [TFLiteConstant]
  ) throws(Unsupported) -> [TFLiteOperand] {
    var inputs: [Int: Tensor] = [:]
    var isWhole = false
    for position in positions {
      guard constants.indices.contains(position) else { throw .damaged("its input \(position) is missing") }
      let constant = constants[position]
      guard constant.quantization == nil else {
        throw Unsupported("it computes with quantized constants", "Fold constants before converting")
      }
      if let integers = constant.integers {
        isWhole = true
        guard integers.allSatisfy({ abs(Double($0)) <= 0x1p24 }) else { throw .damaged("its numbers are too large") }
      }
      inputs[position] = constant.tensor
    }
    let results = try evaluated(&translator, node, inputs)
    guard isWhole else {
      return results.map { .constant(TFLiteConstant(shape: $0.shape, elements: .floats($0.values))) }
    }
    let rule: FloatingPointRoundingRule = node.operation.kind == "FLOOR_DIV" ? .down : .towardZero
    var operands: [TFLiteOperand] = []
    for tensor in results {
      guard tensor.values.allSatisfy({ abs($0) <= 0x1p24 }) else { throw .damaged("its numbers are too large") }
      operands.append(.constant(.integers(tensor.values.map { Int($0.rounded(rule)) }, shape: tensor.shape)))
    }
    return operands
  }

  /// The operator's handler on a graph of its own.
  private static func evaluated(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode, _ inputs: [Int: Tensor]
  ) throws(Unsupported) -> [Tensor] {
    let kind = node.operation.kind == "FLOOR_DIV" ? "DIV" : node.operation.kind
    guard let handler = tfliteOperatorTable[kind] else {
      throw Unsupported("the operator cannot be imported", "Fold constants before converting")
    }
    var scratch = TFLiteTranslator(name: node.name, file: [])
    var operands = node.operands
    let positions = inputs.keys.sorted()
    for position in positions {
      guard let tensor = inputs[position], !tensor.shape.contains(0) else { throw .damaged("a constant is empty") }
      operands[position] = .activation(scratch.graph.addInput("\(position)", shape: tensor.shape))
    }
    let results = try handler(&scratch, node.asFloats(operands))
    var counted = 0
    for result in results {
      guard case .activation(let id) = result else { throw .damaged("its result is no tensor") }
      scratch.graph.outputs.append(id)
      counted += scratch.graph[id].shape.reduce(1, *)
    }
    try translator.reserve(counted)
    do {
      return try scratch.graph.evaluate(inputs: positions.compactMap { inputs[$0] }, workers: Workers(count: 1))
    } catch {
      throw Unsupported("\(error)", "Fold constants before converting")
    }
  }

  private static func filled(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode, _ constants: [TFLiteConstant]
  ) throws(Unsupported) -> TFLiteConstant {
    let shape = try node.integers(0)
    guard constants.count == 2, constants[1].elements.count == 1, shape.allSatisfy({ $0 > 0 }),
      let count = checkedProduct(shape)
    else { throw .damaged("it fills the shape \(shape.prefix(8))") }
    try translator.reserve(count)
    var result = constants[1]
    result.shape = shape
    result.elements = result.elements.picked([Int](repeating: 0, count: count))
    return result
  }

  private static func range(
    _ translator: inout TFLiteTranslator, _ constants: [TFLiteConstant]
  ) throws(Unsupported) -> TFLiteConstant {
    let numbers = constants.compactMap { $0.integers?.first }
    guard constants.count == 3, numbers.count == 3, numbers.allSatisfy({ abs(Double($0)) <= 0x1p31 }), numbers[2] != 0
    else { throw Unsupported("it is no range of whole numbers", "Fold constants before converting") }
    let list = stride(from: numbers[0], to: numbers[1], by: numbers[2])
    let count = max(0, (numbers[1] - numbers[0]) / numbers[2] + 1)
    try translator.reserve(count)
    return .integers(Array(list))
  }
}
