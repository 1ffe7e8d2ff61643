import Graph

/// A network of int8 tensors and packed records, before anything has an address.
struct QuantizedNetwork {
  /// One activation.
  struct Activation {
    var name: String
    var shape: RuntimeShape
    var quantization: Quantization
    /// The tensor whose bytes these are, under another shape.
    var alias: Int?
    /// The tensor in whose pixels these channels lie.
    var part: Part?
    /// Whether it keeps its values from run to run.
    var isState = false
  }

  /// Channels of a wider tensor.
  struct Part {
    var whole: Int
    /// From the first byte of a pixel of `whole`.
    var byteOffset: Int
  }

  /// One step of the runtime.
  struct Step {
    /// The place in the graph of the node that it was.
    var node: Int
    var name: String
    var kind: String
    var lowered: LoweredOperator
    var inputs: [Int]
    var output: Int
    var macs: Int
  }

  var tensors: [Activation] = []
  var steps: [Step] = []
  var inputs: [Int] = []
  var outputs: [Int] = []
  /// The tensor that each activation of the graph became.
  var tensorOfValue: [ValueID: Int] = [:]

  /// Lowers every node.
  /// - Throws: `GraphError` with every node that has no int8 form, each in a line of its own.
  init(
    _ graph: Graph, _ rules: ChosenQuantizations, _ bits: LayerWeightBits = .eight,
    _ weights: [Int: QuantizedWeights] = [:]
  ) throws(GraphError) {
    var problems: [String] = []
    for id in graph.inputs {
      do throws(GraphError) {
        inputs.append(try addTensor(id, graph, rules))
      } catch {
        problems.append(error.description)
      }
    }
    for (position, node) in graph.nodes.enumerated() {
      do throws(GraphError) {
        try lower(position, graph, rules, bits[position], weights[position])
      } catch {
        problems.append(error.description)
        // Later nodes may have problems of their own: give this one an output all the same.
        for id in node.outputs { _ = try? addTensor(id, graph, rules) }
      }
    }
    for id in graph.outputs {
      guard let tensor = tensorOfValue[id] else {
        problems.append("the network's output \(graph[id].name) is computed by no layer; remove it from the outputs")
        continue
      }
      outputs.append(tensor)
    }
    if !problems.isEmpty { throw GraphError(problems.joined(separator: "\n")) }
  }

  private mutating func addTensor(
    _ id: ValueID, _ graph: Graph, _ rules: ChosenQuantizations
  ) throws(GraphError) -> Int {
    guard let quantization = rules[id] else {
      throw GraphError("\(graph[id].name) was never calibrated")
    }
    let shape = try RuntimeShape(graph[id].shape, graph[id].name)
    tensors.append(Activation(name: graph[id].name, shape: shape, quantization: quantization))
    tensorOfValue[id] = tensors.count - 1
    return tensors.count - 1
  }

  private mutating func lower(
    _ place: Int, _ graph: Graph, _ rules: ChosenQuantizations, _ bits: WeightBits, _ weights: QuantizedWeights?
  ) throws(GraphError) {
    let node = graph.nodes[place]
    func operand(_ id: ValueID) -> LoweringContext.Operand {
      let value = graph[id]
      return .init(
        shape: value.shape, quantization: value.constant == nil ? rules[id] : nil, constant: value.constant)
    }
    let context = LoweringContext(
      name: node.name, inputs: node.inputs.map(operand), output: operand(node.outputs[0]), clamp: node.clamp,
      quantizedWeights: weights, weightBits: bits)
    let lowered = try node.operation.lower(context)
    let output = try addTensor(node.outputs[0], graph, rules)
    func tensor(_ position: Int) throws(GraphError) -> Int {
      guard let tensor = tensorOfValue[node.inputs[position]] else {
        throw GraphError("\(node.name): its input \(graph[node.inputs[position]].name) is computed by no earlier layer")
      }
      return tensor
    }
    switch lowered {
    case .alias: tensors[output].alias = try tensor(0)
    case .step(let record):
      var inputs: [Int] = []
      for position in record.operands { inputs.append(try tensor(position)) }
      for state in record.states {
        inputs.append(tensors.count)
        tensors.append(
          Activation(
            name: "\(node.name)/\(state.name)", shape: state.shape, quantization: state.quantization, isState: true))
      }
      steps.append(
        Step(
          node: place, name: node.name, kind: node.operation.kind, lowered: record, inputs: inputs, output: output,
          macs: node.operation.macs(
            inputs: node.inputs.map { graph[$0].shape }, output: graph[node.outputs[0]].shape)))
    }
  }
}
