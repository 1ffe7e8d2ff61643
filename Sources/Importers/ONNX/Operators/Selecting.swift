import Graph

/// The handler of ArgMax or ArgMin: the place of the largest or smallest element along an axis.
func argument(smallest: Bool) -> NodeHandler {
  { (context: inout Translator, node: NodeArguments) throws(Unsupported) -> [Operand] in
    let x = try node.activation(0)
    let axis = try node.normalizedAxes([node.integer("axis", default: 0)], rank: x.rank)[0]
    let operation = TopK(
      count: 1, result: .indices, smallest: smallest, lastFirst: node.integer("select_last_index", default: 0) != 0)
    var result = try context.selected(x, axis: axis, operation, name: node.name)
    if node.integer("keepdims", default: 1) == 0 { result.source.remove(at: axis) }
    return [.activation(result)]
  }
}

/// TopK: the largest or smallest elements along an axis in order, and their places.
func importTopK(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  let axis = try node.normalizedAxes([node.integer("axis", default: -1)], rank: x.rank)[0]
  let count = try node.integers(1)?.first ?? node.integer("k", default: 0)
  let smallest = node.integer("largest", default: 1) == 0
  var results: [Operand] = []
  for (output, result) in zip(node.node.outputs, [TopK.Result.values, .indices]) {
    let name = output.isEmpty ? node.name : output
    let operation = TopK(count: count, result: result, smallest: smallest)
    results.append(.activation(try context.selected(x, axis: axis, operation, name: name)))
  }
  return results
}

extension Translator {
  /// The view of what a TopK of one axis gives.
  fileprivate mutating func selected(
    _ x: ActivationView, axis: Int, _ operation: TopK, name: String
  ) throws(Unsupported) -> ActivationView {
    let view = try trailingInOrder(x, x.source[axis], name: name)
    var result = view
    result.id = try emit(operation, [view.id], name: name)
    result.source[axis] = []
    if operation.count > 1 {
      result.source[axis] = [result.atoms.count]
      result.atoms.append(operation.count)
    }
    result.dims[result.dims.count - 1] = result.source[axis]
    return result
  }
}
