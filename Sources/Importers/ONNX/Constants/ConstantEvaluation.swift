import Graph

/// What a node of constants gives, by the network operators that it would become. `mostWork` bounds the time.
func evaluated(_ handler: @escaping NodeHandler) -> NodeHandler {
  { (context: inout Translator, node: NodeArguments) throws(Unsupported) -> [Operand] in
    let x = try node.constant(0)
    let added = [Int](repeating: -1, count: max(0, 2 - x.shape.count))
    var scratch = context.scratch()
    let id = scratch.graph.addInput("constant", shape: added.map { _ in 1 } + x.shape)
    let view = ActivationView.fresh(id, shape: x.shape, order: added + Array(x.shape.indices))
    let results = try handler(&scratch, node.with([.activation(view)] + node.operands.dropFirst()))
    var shapes: [[Int]] = []
    for result in results {
      guard case .activation(let view) = result else { return results }
      let placed = try scratch.arranged(view, as: [[]] + view.source, name: node.name)
      scratch.graph.outputs.append(placed.id)
      shapes.append(view.shape)
    }
    try context.reserveWork(of: scratch.graph)
    let tensors: [Tensor]
    do throws(GraphError) {
      let input = Tensor(shape: scratch.graph[id].shape, values: x.floats)
      tensors = try Evaluator(scratch.graph, workers: Workers(count: 1)).run([input])
    } catch {
      throw .invalid("its constants cannot be evaluated: \(error.description)")
    }
    let isInteger = x.elements.integers != nil
    return zip(shapes, tensors).map { shape, tensor in
      let wholes = isInteger ? tensor.values.compactMap { Int(exactly: $0) } : []
      let staysInteger = isInteger && wholes.count == tensor.count
      return .constant(Constant(shape: shape, elements: staysInteger ? .integers(wholes) : .floats(tensor.values)))
    }
  }
}

extension Translator {
  /// An empty graph for the same file.
  fileprivate func scratch() -> Translator {
    var result = self
    result.graph = Graph(name: graph.name)
    return result
  }

  /// Takes what a graph would compute from the budget for constants.
  fileprivate mutating func reserveWork(of work: Graph) throws(Unsupported) {
    for node in work.nodes {
      let output = work[node.outputs[0]].shape
      let macs = node.operation.macs(inputs: node.inputs.map { work[$0].shape }, output: output)
      try reserve(checkedProduct(output))
      guard macs <= 1 << 30 else {
        throw Unsupported("it computes a constant with \(macs) multiplications", "Fold constants before exporting")
      }
    }
  }
}
