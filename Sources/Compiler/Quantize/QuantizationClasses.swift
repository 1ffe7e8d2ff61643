import Graph

/// Values that must have one common quantization, found by joining sets.
///
/// An operator that passes bytes through joins its output to its input. A Concat joins its output to each input that
/// may as well have the output's range: those that nothing reads but the Concat and operators inside the class.
struct QuantizationClasses {
  private var parents: [Int]
  private let rules: [OutputQuantization]

  /// - Parameter rule: what decides a node's output quantization, by its place.
  init(_ graph: Graph, _ index: GraphIndex, rule: (Int) -> OutputQuantization) {
    parents = Array(graph.values.indices)
    rules = graph.nodes.indices.map(rule)
    for (position, node) in graph.nodes.enumerated() where rules[position] == .sameAsInput {
      for output in node.outputs { join(output.index, node.inputs[0].index) }
    }
    for (position, node) in graph.nodes.enumerated() where node.operation is Concat {
      for input in node.inputs where isFree(input, concat: position, graph, index) {
        join(input.index, node.outputs[0].index)
      }
    }
  }

  /// The class of a value, as a number.
  func root(_ value: Int) -> Int {
    var value = value
    while parents[value] != value { value = parents[value] }
    return value
  }

  private mutating func join(_ a: Int, _ b: Int) {
    let (a, b) = (root(a), root(b))
    if a != b { parents[max(a, b)] = min(a, b) }
  }

  private func isFree(_ id: ValueID, concat: Int, _ graph: Graph, _ index: GraphIndex) -> Bool {
    let home = root(id.index)
    let target = root(graph.nodes[concat].outputs[0].index)
    if home == target { return false }
    for (position, node) in graph.nodes.enumerated() {
      for output in node.outputs where root(output.index) == home {
        if case .fixed = rules[position] { return false }
        if graph[output].quantization != nil { return false }
        if node.operation is Concat { return false }
      }
      for input in node.inputs where root(input.index) == home && graph[input].constant == nil {
        let staysInside = rules[position] == .sameAsInput
        if !staysInside && node.outputs[0] != graph.nodes[concat].outputs[0] { return false }
      }
    }
    return !graph.inputs.contains { root($0.index) == home } && !graph.outputs.contains { root($0.index) == home }
  }
}
