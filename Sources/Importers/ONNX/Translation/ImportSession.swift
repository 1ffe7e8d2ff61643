import Graph

/// One import from start to end: inputs, nodes in the file's order, outputs. Problems are collected, not thrown.
struct ImportSession {
  let model: ONNXModel
  let fileName: String
  let options: ONNXImporter.Options
  private var context: Translator
  private var inputs: [SourceLayout] = []
  /// What the file says of inner values; used only to go on after a problem.
  private let declared: [String: ONNXValueInfo]
  /// Every value that a node or the user reads.
  private let readNames: Set<String>

  init(model: ONNXModel, file: [UInt8], fileName: String, folder: String?, options: ONNXImporter.Options) {
    self.model = model
    self.fileName = fileName
    self.options = options
    let infos = (model.graph.valueInfos + model.graph.outputs).map { ($0.name, $0) }
    declared = Dictionary(infos) { first, _ in first }
    readNames = Set(model.graph.nodes.flatMap(\.inputs) + model.graph.outputs.map(\.name))
    let name = model.graph.name.isEmpty ? fileName : model.graph.name
    context = Translator(name: name, file: file, operatorSet: model.operatorSets[""] ?? 0, folder: folder)
  }

  mutating func run() throws(ImportError) -> ImportedModel {
    if model.graph.sparseInitializerCount > 0 {
      throw failure("The model holds sparse tensors, which cannot be imported. Export it with dense ones.")
    }
    for tensor in model.graph.initializers { context.initializers[tensor.name] = tensor }
    let needed = neededNodes()
    try addInputs(neededNodes: needed)
    for index in model.graph.nodes.indices where needed[index] { translate(model.graph.nodes[index]) }
    if !context.problems.isEmpty {
      let count = context.problems.count
      throw failure("\(count) node\(count == 1 ? "" : "s") cannot be imported:", context.problems)
    }
    let outputs = try addOutputs()
    context.removeUnusedNodes()
    context.settleQuantizations()
    return ImportedModel(
      graph: context.graph, inputs: inputs, outputs: outputs, operatorSetVersion: context.operatorSet,
      producer: model.producer, fileBytes: context.file.count, notes: context.notes)
  }

  private func failure(_ summary: String, _ problems: [ImportProblem] = []) -> ImportError {
    ImportError(file: fileName, summary: summary, problems: problems)
  }

  /// Which nodes the outputs depend on; those that only training needs fall away.
  private func neededNodes() -> [Bool] {
    var wanted = Set(model.graph.outputs.map(\.name))
    var needed = [Bool](repeating: false, count: model.graph.nodes.count)
    for (index, node) in model.graph.nodes.enumerated().reversed() where node.outputs.contains(where: wanted.contains) {
      needed[index] = true
      wanted.formUnion(node.inputs)
    }
    return needed
  }
}

/// Nodes.
extension ImportSession {
  private mutating func translate(_ node: ONNXNode) {
    do throws(Unsupported) {
      guard let entry = operatorTable[node.qualifiedOperation] else { throw unknownOperator(node) }
      var operands: [Operand?] = []
      for name in node.inputs {
        guard !name.isEmpty else {
          operands.append(nil)
          continue
        }
        guard let operand = try context.operand(name) else {
          throw .invalid("it reads '\(name)', which no earlier node, input or constant gives")
        }
        if case .unavailable = operand { return leaveUnavailable(node) }
        operands.append(operand)
      }
      let arguments = NodeArguments(
        node: node, operands: operands, file: context.file, operatorSet: context.operatorSet)
      let code = try arguments.passedCode()
      var results = try handler(entry, operands)(&context, arguments)
      if let code { try context.mark(&results, code, arguments) }
      for (index, name) in node.outputs.enumerated() where !name.isEmpty {
        guard context.operands[name] == nil else { throw .invalid("its output '\(name)' is computed twice") }
        guard index < results.count else {
          guard !readNames.contains(name) else {
            throw Unsupported("its output \(index), '\(name)', is used", "Only its first output can be imported")
          }
          continue
        }
        context.operands[name] = results[index]
      }
    } catch {
      context.problems.append(
        ImportProblem(node: node.label, operation: node.operation, reason: error.reason, remedy: error.remedy))
      leaveUnavailable(node)
    }
  }

  private func handler(_ entry: OperatorEntry, _ operands: [Operand?]) throws(Unsupported) -> NodeHandler {
    let isKnown = operands.allSatisfy {
      if case .activation = $0 { false } else { true }
    }
    if isKnown, let handler = entry.constants { return handler }
    if let handler = entry.network { return isKnown && !operands.isEmpty ? evaluated(handler) : handler }
    throw Unsupported(
      "its input is computed by the network, and this operator can only be imported where all its inputs are constants",
      "Export with fixed shapes, or simplify the model first (onnx-simplifier)")
  }

  private func unknownOperator(_ node: ONNXNode) -> Unsupported {
    if !node.domain.isEmpty {
      return Unsupported(
        "the operator belongs to '\(node.domain)' and not to ONNX's own set",
        "Export without vendor optimizations, and inline functions (onnx.inliner)")
    }
    if node.attributes.contains(where: \.isSubgraph) {
      return Unsupported("it chooses or repeats a part of the network while running", "Export without control flow")
    }
    return Unsupported(
      "the operator cannot be imported", "Replace it, or cut the model before it (onnx.utils.extract_model)")
  }

  /// After a problem: takes the shapes that the file declares, if it does, so that later nodes are checked too.
  private mutating func leaveUnavailable(_ node: ONNXNode) {
    for name in node.outputs where !name.isEmpty && context.operands[name] == nil {
      context.operands[name] = .unavailable
      guard let info = declared[name], info.elementType == 1, let shape = info.fixedShape, shape.count <= 4,
        checkedProduct(shape) != nil
      else { continue }
      let order = shape.count == 4 ? [0, 2, 3, 1] : Array(shape.indices)
      let id = context.graph.addValue(name, shape: order.map { shape[$0] })
      context.operands[name] = .activation(.fresh(id, shape: shape, order: order))
    }
  }
}

/// Inputs and outputs.
extension ImportSession {
  private mutating func addInputs(neededNodes: [Bool]) throws(ImportError) {
    var consumers: [String: [ONNXNode]] = [:]
    for (node, isNeeded) in zip(model.graph.nodes, neededNodes) where isNeeded {
      for name in Set(node.inputs) { consumers[name, default: []].append(node) }
    }
    for (name, shape) in options.inputShapes where !model.graph.inputs.contains(where: { $0.name == name }) {
      throw failure("There is no input '\(name)' to give the shape \(shape). The inputs are \(inputNames).")
    }
    for input in model.graph.inputs where context.initializers[input.name] == nil {
      let readers = consumers[input.name] ?? []
      if readers.isEmpty, !model.graph.outputs.contains(where: { $0.name == input.name }) { continue }
      let shape = try inputShape(input)
      let order = inputOrder(shape, readers)
      let added = shape.count == 1 ? [-1] : []
      let graphShape = added.map { _ in 1 } + order.map { shape[$0] }
      let id = context.graph.addInput(input.name, shape: graphShape)
      var view = ActivationView.fresh(id, shape: shape, order: added + order)
      view.code = IntegerCode(type: input.elementType)
      context.integerInputs[id] = view.code
      context.operands[input.name] = .activation(view)
      inputs.append(
        SourceLayout(
          name: input.name, sourceShape: shape, graphShape: graphShape, order: order, integers: view.code))
    }
    guard !inputs.isEmpty else { throw failure("No output depends on an input. Export the model again.") }
  }

  private var inputNames: String {
    model.graph.inputs.map(\.name).filter { context.initializers[$0] == nil }.joined(separator: ", ")
  }

  /// The shape with a symbolic batch set to 1.
  private func inputShape(_ input: ONNXValueInfo) throws(ImportError) -> [Int] {
    let remedy = "Give its shape on import (for example \(input.name)=1x3x224x224), or export with fixed shapes."
    let isInteger = IntegerCode(type: input.elementType) != nil
    guard input.isTensor, input.elementType == 0 || isInteger || ONNXTensor.isFloatingPoint(input.elementType) else {
      let type = input.isTensor ? ONNXTensor.typeName(input.elementType) : "something other than a tensor"
      throw failure("The input '\(input.name)' is \(type) and not float, int8 or uint8. Export with float inputs.")
    }
    var shape: [Int] = []
    if let given = options.inputShapes[input.name] {
      shape = given
    } else {
      guard let dimensions = input.dimensions else {
        throw failure("The input '\(input.name)' has no shape. \(remedy)")
      }
      for (axis, dimension) in dimensions.enumerated() {
        switch dimension {
        case .fixed(let size): shape.append(size)
        case .symbolic where axis == 0: shape.append(1)
        case .symbolic(let name):
          let symbol = name.isEmpty ? "unknown" : "'\(name)'"
          throw failure("Dimension \(axis) of the input '\(input.name)' is \(symbol). \(remedy)")
        }
      }
    }
    guard (1...5).contains(shape.count), shape.allSatisfy({ $0 > 0 }), checkedProduct(shape, limit: 1 << 28) != nil
    else {
      throw failure("The input '\(input.name)' has the shape \(shape), which no image or signal has. \(remedy)")
    }
    if options.requiresBatchOne, shape.count > 1, shape[0] != 1 {
      throw failure(
        "The input '\(input.name)' of shape \(shape) is a batch of \(shape[0]), but only 1 can be run. \(remedy)")
    }
    return shape
  }

  /// Channels-last for what the first reader takes as an image; a source that is channels-last already stays so.
  private func inputOrder(_ shape: [Int], _ readers: [ONNXNode]) -> [Int] {
    let source = Array(shape.indices)
    let permutations = readers.map { reader in reader.attributes.first { $0.name == "perm" }?.integers }
    if shape.count == 5 { return [0, 2, 3, 4, 1] }
    if shape.count == 4 { return permutations.contains([0, 3, 1, 2]) ? source : [0, 2, 3, 1] }
    let spatial: Set = ["Conv", "BatchNormalization", "MaxPool", "AveragePool", "GlobalAveragePool", "Pad"]
    return shape.count == 3 && readers.contains { spatial.contains($0.operation) } ? [0, 2, 1] : source
  }

  /// Gives each output the layout that costs nothing, or the source's own.
  private mutating func addOutputs() throws(ImportError) -> [SourceLayout] {
    var layouts: [SourceLayout] = []
    for output in model.graph.outputs {
      guard case .activation(let view) = context.operands[output.name] else {
        throw failure("The output '\(output.name)' does not depend on the input. Remove it from the model.")
      }
      do throws(Unsupported) {
        var order = Array(view.source.indices)
        if view.rank >= 3 { order = view.axisOrder ?? view.defaultOrder }
        let added: [[Int]] = view.rank < 2 ? [[Int]](repeating: [], count: 2 - view.rank) : []
        let result = try context.arranged(view, as: added + order.map { view.source[$0] }, name: output.name)
        context.graph.outputs.append(result.id)
        if !context.graph.inputs.contains(result.id) { context.graph[result.id].name = output.name }
        layouts.append(
          SourceLayout(
            name: output.name, sourceShape: view.shape, graphShape: result.graphShape, order: order,
            integers: view.code))
      } catch {
        throw failure("The output '\(output.name)' cannot be given: \(error.reason). \(error.remedy).")
      }
    }
    guard !layouts.isEmpty else { throw failure("The model has no outputs. Export it again.") }
    return layouts
  }
}

extension Translator {
  /// Drops nodes that no output depends on (a sigmoid that became part of a swish).
  mutating func removeUnusedNodes() {
    var wanted = Set(graph.outputs)
    var kept: [Node] = []
    for node in graph.nodes.reversed() where node.outputs.contains(where: wanted.contains) {
      wanted.formUnion(node.inputs)
      kept.append(node)
    }
    graph.nodes = kept.reversed()
  }
}
