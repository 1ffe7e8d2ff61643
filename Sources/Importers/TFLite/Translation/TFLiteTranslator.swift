import Graph

/// What a tensor of the file stands for.
enum TFLiteOperand {
  case activation(ValueID)
  case constant(TFLiteConstant)
  /// An image whose rows and columns the file takes apart for a dilated convolution.
  case spread(TFLiteSpread)
  /// After a problem, so that later operators are not blamed.
  case unavailable
}

/// One operator with its options: what a handler gets.
struct TFLiteNode {
  let operation: TFLiteOperator
  /// The name of the first output.
  let name: String
  /// Absent ones are nil.
  let inputs: [TFLiteTensor?]
  let outputs: [TFLiteTensor]
  let operands: [TFLiteOperand?]
  /// Whether nothing else reads its first input.
  var isOnlyReader = false

  /// The same operator with other operands, giving float tensors.
  func asFloats(_ operands: [TFLiteOperand?]) -> TFLiteNode {
    var outputs = outputs
    for index in outputs.indices { (outputs[index].type, outputs[index].quantization) = (.float32, nil) }
    return TFLiteNode(operation: operation, name: name, inputs: inputs, outputs: outputs, operands: operands)
  }

  /// Whether an optional input is there.
  func has(_ index: Int) -> Bool { index < operands.count && operands[index] != nil }

  /// An integer option; `default` when it is absent.
  func option<Integer: FixedWidthInteger>(
    _ field: Int, as type: Integer.Type = Int32.self, default value: Int = 0
  ) throws(Unsupported) -> Int {
    do throws(FlatBufferFault) {
      return try operation.options?.integer(field, as: type, default: value) ?? value
    } catch {
      throw .damaged("its options cannot be read: \(error.reason)")
    }
  }

  /// A float option.
  func floatOption(_ field: Int, default value: Float = 0) throws(Unsupported) -> Float {
    do throws(FlatBufferFault) {
      return try operation.options?.float(field, default: value) ?? value
    } catch {
      throw .damaged("its options cannot be read: \(error.reason)")
    }
  }

  /// A list option; nil when it is absent.
  func listOption(_ field: Int) throws(Unsupported) -> [Int]? {
    do throws(FlatBufferFault) {
      return try operation.options?.integers(field)
    } catch {
      throw .damaged("its options cannot be read: \(error.reason)")
    }
  }

  /// An input that is known now.
  func constant(_ index: Int) throws(Unsupported) -> TFLiteConstant {
    guard has(index), let operand = operands[index] else { throw .damaged("its input \(index) is missing") }
    if case .constant(let constant) = operand { return constant }
    if case .spread = operand { throw .betweenBatches }
    throw Unsupported(
      "its input \(index) is computed by the network, not a constant", "Convert with fixed shapes and weights")
  }

  /// An input of integers that is known now.
  func integers(_ index: Int) throws(Unsupported) -> [Int] {
    guard let list = try constant(index).integers else { throw .damaged("its input \(index) should be integers") }
    return list
  }

  /// An axis of `rank`, counted from the end where negative.
  func axis(_ axis: Int, rank: Int) throws(Unsupported) -> Int {
    guard axis >= -rank, axis < rank else { throw .damaged("its axis \(axis) is outside \(rank) dimensions") }
    return axis < 0 ? axis + rank : axis
  }
}

/// The graph that grows while operators are imported.
struct TFLiteTranslator {
  var graph: Graph
  let file: [UInt8]
  var problems: [ImportProblem] = []
  var notes: [String] = []
  /// Elements of constants that may still be made: a small file cannot ask for much.
  private var elementBudget: Int

  init(name: String, file: [UInt8]) {
    graph = Graph(name: name)
    self.file = file
    elementBudget = max(1 << 18, 8 * file.count)
  }

  /// Takes from the budget for constants.
  mutating func reserve(_ count: Int) throws(Unsupported) {
    guard count <= elementBudget else { throw .damaged("it asks for constants far larger than the file") }
    elementBudget -= count
  }

  /// An input that the network computes.
  func activation(_ node: TFLiteNode, _ index: Int) throws(Unsupported) -> ValueID {
    guard node.has(index), let operand = node.operands[index] else { throw .damaged("its input \(index) is missing") }
    if case .activation(let id) = operand { return id }
    if case .spread = operand { throw .betweenBatches }
    throw Unsupported(
      "its input \(index) is a constant where an activation is expected", "Fold constants before converting")
  }

  func shape(_ id: ValueID) -> [Int] { graph[id].shape }

  /// Appends a node whose output has a quantization, if the network is quantized.
  mutating func emit(
    _ operation: any Operator, _ inputs: [ValueID], _ name: String, output: String? = nil,
    quantization: Quantization?
  ) throws(Unsupported) -> ValueID {
    do throws(GraphError) {
      // Asked first, because the graph's own error names the node again.
      for shape in try operation.outputShapes(inputs.map { graph[$0].shape })
      where shape.contains(0) || checkedProduct(shape) == nil {
        throw GraphError("its result of shape \(shape) is empty or too large")
      }
      let id = try graph.append(operation, inputs, name: name, outputNames: [output ?? name])[0]
      graph[id].quantization = quantization
      return id
    } catch {
      throw Unsupported(error.description, "Check the operator's shapes in the model")
    }
  }

  /// Appends a node that gives the first output, or what its fused activation is applied to.
  mutating func finish(
    _ operation: any Operator, _ inputs: [ValueID], _ node: TFLiteNode, activation code: Int = 0
  ) throws(Unsupported) -> [TFLiteOperand] {
    let rule = try node.outputs[0].activationQuantization()
    guard let function = try fusedActivation(code, isQuantized: rule != nil) else {
      return [.activation(try emit(operation, inputs, node.name, quantization: rule))]
    }
    let linear = try emit(operation, inputs, node.name, output: node.name + "/linear", quantization: rule)
    return [
      .activation(
        try emit(Activation(function), [linear], node.name + "/activation", output: node.name, quantization: rule))
    ]
  }

  /// The function of a fused activation's code; nil for none.
  func fusedActivation(_ code: Int, isQuantized: Bool) throws(Unsupported) -> Activation.Function? {
    switch code {
    case 0: return nil
    case 1: return .relu
    case 2: return .clip(low: -1, high: 1)
    case 3: return .clip(low: 0, high: 6)
    case 4 where !isQuantized: return .tanh
    case 4: throw Unsupported("a quantized layer has a fused tanh", "Convert with a tanh layer of its own")
    default: throw Unsupported("its fused activation \(code) cannot be imported", "Use a ReLU or tanh")
    }
  }

  /// Names values that an operator has just computed as the file names its outputs.
  mutating func name(_ results: [TFLiteOperand], _ outputs: [TFLiteTensor], from firstNew: Int) {
    for (result, output) in zip(results, outputs) {
      switch result {
      case .activation(let id) where id.index >= firstNew: graph[id].name = output.name
      default: continue
      }
    }
  }

  /// The value under another shape; its own quantization.
  mutating func reshaped(_ id: ValueID, _ shape: [Int], _ name: String) throws(Unsupported) -> ValueID {
    if graph[id].shape == shape { return id }
    return try emit(Reshape(shape: shape), [id], name, quantization: graph[id].quantization)
  }
}

extension TFLiteTensor {
  /// The rule of a network input; bytes without a scale are whole numbers.
  func inputQuantization() throws(Unsupported) -> Quantization? {
    guard quantization == nil, type == .uint8 || type == .int8 else { return try activationQuantization() }
    return Quantization(scale: 1, zeroPoint: type == .uint8 ? -128 : 0)
  }

  /// The rule of an int8, uint8, int16 or int32 activation; nil for float ones.
  func activationQuantization() throws(Unsupported) -> Quantization? {
    switch type {
    case .float32, .float16: return nil
    case .int8, .uint8, .int16, .int32: break
    default:
      throw Unsupported(
        "its tensor '\(name)' has elements of \(type.name)",
        "Only float32, int8, uint8 and int16 activations can be imported")
    }
    guard let quantization, quantization.scales.count == 1 else {
      throw Unsupported("its tensor '\(name)' has no scale, or several", "Convert with one scale for each activation")
    }
    let zeroPoint = quantization.zeroPoints[0] &- (type == .uint8 ? 128 : 0)
    let element: Quantization.Element = type == .int16 ? .int16 : type == .int32 ? .int32 : .int8
    let rule = Quantization(scale: quantization.scales[0], zeroPoint: Int32(clamping: zeroPoint), element: element)
    guard rule.isPossible else {
      throw .damaged(
        "its tensor '\(name)' has the impossible scale \(quantization.scales[0]) or zero point \(zeroPoint)")
    }
    return rule
  }
}

extension Unsupported {
  /// An operator that cannot stand between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND.
  static let betweenBatches = Unsupported(
    "it lies between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND", "Convert with dilated convolutions")
}
