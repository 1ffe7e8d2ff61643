extension Graph {
  /// Elements of the constants that nodes read, each counted once.
  public var parameterCount: Int {
    let used = Set(nodes.flatMap(\.inputs))
    return used.reduce(0) { $0 + (self[$1].constant?.count ?? 0) }
  }

  /// Multiply-accumulates of one evaluation, padding excluded.
  public var macs: Int {
    nodes.reduce(0) { sum, node in
      sum + node.operation.macs(inputs: node.inputs.map { self[$0].shape }, output: self[node.outputs[0]].shape)
    }
  }
}
