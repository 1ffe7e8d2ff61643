import Graph

/// One import from start to end: inputs, operators in the file's order, outputs. Problems are collected, not thrown.
struct TFLiteSession {
  let model: TFLiteModel
  let fileName: String
  private var translator: TFLiteTranslator
  private var operands: [Int: TFLiteOperand] = [:]
  private var inputs: [SourceLayout] = []
  private let isNeeded: [Bool]
  /// How often each tensor is read, as an output too.
  private let readers: [Int: Int]

  init(model: TFLiteModel, file: [UInt8], fileName: String) {
    self.model = model
    self.fileName = fileName
    translator = TFLiteTranslator(name: model.description.isEmpty ? fileName : model.description, file: file)
    readers = (model.outputs + model.operators.flatMap(\.inputs)).reduce(into: [:]) { $0[$1, default: 0] += 1 }
    var wanted = Set(model.outputs)
    var needed = [Bool](repeating: false, count: model.operators.count)
    for (index, operation) in model.operators.enumerated().reversed()
    where operation.outputs.contains(where: wanted.contains) {
      needed[index] = true
      wanted.formUnion(operation.inputs)
    }
    isNeeded = needed
  }

  mutating func run() throws(ImportError) -> ImportedModel {
    if model.networkCount > 1 {
      let names = model.signatures.isEmpty ? "" : " (signatures: \(model.signatures.joined(separator: ", ")))"
      translator.notes.append("the file has \(model.networkCount) networks\(names); the first one was imported")
    }
    try addInputs()
    for (operation, isNeeded) in zip(model.operators, isNeeded) where isNeeded { translate(operation) }
    let problems = translator.problems
    if !problems.isEmpty {
      throw failure("\(problems.count) operator\(problems.count == 1 ? "" : "s") cannot be imported:", problems)
    }
    let outputs = try addOutputs()
    return ImportedModel(
      graph: translator.graph, inputs: inputs, outputs: outputs, operatorSetVersion: model.version,
      producer: model.description, fileBytes: translator.file.count, notes: translator.notes)
  }

  private func failure(_ summary: String, _ problems: [ImportProblem] = []) -> ImportError {
    ImportError(file: fileName, summary: summary, problems: problems)
  }
}

/// Operators.
extension TFLiteSession {
  private mutating func translate(_ operation: TFLiteOperator) {
    let outputs = operation.outputs.map { model.tensors[max(0, $0)] }
    let name = outputs.first?.name ?? operation.kind
    do throws(Unsupported) {
      guard !["IF", "WHILE", "CALL", "CALL_ONCE"].contains(operation.kind) else {
        throw Unsupported(
          "it runs another network of the file", "Only networks without branches, loops and variables can be imported")
      }
      guard let handler = tfliteOperatorTable[operation.kind] else {
        throw Unsupported("the operator cannot be imported", "Replace it, or end the network before it")
      }
      guard !outputs.isEmpty, operation.outputs.allSatisfy({ $0 >= 0 && operands[$0] == nil }) else {
        throw .damaged("it has no output, or one that is computed twice")
      }
      var given: [TFLiteOperand?] = []
      for index in operation.inputs {
        let keeps = TFLiteTranslator.statefulKinds.contains(operation.kind)
        let isState = index >= 0 && keeps && model.tensors[index].isVariable && operands[index] == nil
        let operand = index < 0 || isState ? nil : try operand(index)
        if case .unavailable = operand { return leaveUnavailable(operation) }
        given.append(operand)
      }
      let node = TFLiteNode(
        operation: operation, name: name, inputs: operation.inputs.map { $0 < 0 ? nil : model.tensors[$0] },
        outputs: outputs, operands: given, isOnlyReader: operation.inputs.first.map { readers[$0] == 1 } ?? false)
      let firstNew = translator.graph.values.count
      var results = try TFLiteFolding.fold(&translator, node)
      if results == nil { results = try TFLiteSpread.translate(&translator, node, handler) }
      if results == nil { results = try handler(&translator, node) }
      translator.name(results ?? [], outputs, from: firstNew)
      for (index, result) in zip(operation.outputs, results ?? []) { operands[index] = result }
    } catch {
      translator.problems.append(
        ImportProblem(node: name, operation: operation.kind, reason: error.reason, remedy: error.remedy))
      leaveUnavailable(operation)
    }
  }

  private mutating func operand(_ index: Int) throws(Unsupported) -> TFLiteOperand {
    if let operand = operands[index] { return operand }
    let tensor = model.tensors[index]
    guard !tensor.isVariable else {
      throw Unsupported(
        "it keeps its tensor '\(tensor.name)' from one run to the next", "Only networks without memory can be imported")
    }
    try translator.reserve(tensor.data?.count ?? 0)
    return .constant(try tensor.constant(translator.file))
  }

  /// After a problem: later operators get a value of the declared shape where there is one, so that they are checked too.
  private mutating func leaveUnavailable(_ operation: TFLiteOperator) {
    for index in operation.outputs where index >= 0 && operands[index] == nil {
      let tensor = model.tensors[index]
      operands[index] = .unavailable
      guard tensor.shape.allSatisfy({ $0 > 0 }), tensor.shape.count <= 4, checkedProduct(tensor.shape) != nil,
        let rule = try? tensor.activationQuantization()
      else { continue }
      let id = translator.graph.addValue(tensor.name, shape: tensor.shape)
      translator.graph[id].quantization = rule
      operands[index] = .activation(id)
    }
  }
}

/// Inputs and outputs.
extension TFLiteSession {
  private mutating func addInputs() throws(ImportError) {
    for index in model.inputs {
      guard index >= 0, operands[index] == nil else {
        throw failure("The model names an input twice, or none. Convert it again.")
      }
      let tensor = model.tensors[index]
      guard (1...4).contains(tensor.shape.count), tensor.shape.allSatisfy({ $0 > 0 }),
        checkedProduct(tensor.shape, limit: 1 << 28) != nil
      else {
        throw failure(
          "The input '\(tensor.name)' has the shape \(tensor.shape), which no image or signal has. "
            + "Convert the model with fixed shapes.")
      }
      do throws(Unsupported) {
        let rule = try tensor.inputQuantization()
        let id = translator.graph.addInput(tensor.name, shape: tensor.shape)
        translator.graph[id].quantization = rule
        operands[index] = .activation(id)
        inputs.append(layout(tensor.name, tensor.shape))
      } catch {
        translator.problems.append(
          ImportProblem(node: tensor.name, operation: "input", reason: error.reason, remedy: error.remedy))
        operands[index] = .unavailable
      }
    }
    guard !model.inputs.isEmpty else { throw failure("The model has no input. Convert it again.") }
  }

  private mutating func addOutputs() throws(ImportError) -> [SourceLayout] {
    var layouts: [SourceLayout] = []
    for index in model.outputs {
      let name = index >= 0 ? model.tensors[index].name : "?"
      guard case .activation(let id) = operands[index] else {
        throw failure("The output '\(name)' does not depend on the input. Remove it from the model.")
      }
      translator.graph.outputs.append(id)
      layouts.append(layout(name, translator.graph[id].shape))
    }
    guard !layouts.isEmpty else { throw failure("The model has no outputs. Convert it again.") }
    return layouts
  }

  private func layout(_ name: String, _ shape: [Int]) -> SourceLayout {
    SourceLayout(name: name, sourceShape: shape, graphShape: shape, order: Array(shape.indices))
  }
}
