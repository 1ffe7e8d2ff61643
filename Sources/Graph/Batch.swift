extension Graph {
  /// The same network for `count` images or signals at once: the first axis of every input and of all that is computed
  /// from it is `count` instead of 1. Values keep their tags.
  /// - Throws: `GraphError` naming the layer that has no such form.
  public func batched(_ count: Int) throws(GraphError) -> Graph {
    guard count > 0 else { throw GraphError("a batch has at least one image, not \(count)") }
    var graph = self
    for id in inputs {
      guard self[id].shape.first == 1 else {
        throw GraphError("\(name): the input's shape \(self[id].shape) does not begin with a batch of 1")
      }
      graph[id].shape[0] = count
    }
    for index in nodes.indices {
      let node = nodes[index]
      let operation = batched(node, count)
      let shapes: [[Int]]
      do throws(GraphError) {
        shapes = try operation.outputShapes(node.inputs.map { graph[$0].shape })
      } catch {
        throw GraphError("\(node.name) has no form for \(count) images: \(error.description)")
      }
      graph.nodes[index].operation = operation
      for (id, shape) in zip(node.outputs, shapes) { graph[id].shape = shape }
    }
    return graph
  }

  /// Operators whose attributes name the batch.
  private func batched(_ node: Node, _ count: Int) -> any Operator {
    let isOfImages = self[node.inputs[0]].constant == nil && self[node.inputs[0]].shape.first == 1
    guard isOfImages else { return node.operation }
    if let operation = node.operation as? Reshape, operation.shape.first == 1 {
      return Reshape(shape: [count] + operation.shape.dropFirst())
    }
    if var operation = node.operation as? Slice, operation.size.first == 1 {
      operation.size[0] = count
      return operation
    }
    return node.operation
  }
}
