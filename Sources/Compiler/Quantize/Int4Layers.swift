import Graph

/// How many bits the weights of each node have, by its place.
struct LayerWeightBits {
  private var bits: [WeightBits] = []

  /// Eight, everywhere.
  static let eight = LayerWeightBits()

  private init() {}

  /// Four at these places, eight at the others.
  init(fourBitNodes: Set<Int>, in graph: Graph) {
    bits = graph.nodes.indices.map { fourBitNodes.contains($0) ? .four : .eight }
  }

  /// - Parameter int16: which nodes compute with int16 tensors, whose weights keep eight bits; nil: none.
  /// - Throws: `GraphError` when a layer is named that does not exist, or whose weights cannot have four bits.
  init(_ graph: Graph, _ options: CompileOptions, _ int16: Int16Values?) throws(GraphError) {
    let obstacles = graph.nodes.indices.map { position -> String? in
      guard graph.nodes[position].operation.hasFourBitForm else {
        return "a \(graph.nodes[position].operation.kind) has no form with weights of four bits"
      }
      return int16?.contains(node: position) == true ? "its activations have sixteen bits" : nil
    }
    switch options.weights {
    case .int8: bits = graph.nodes.map { _ in .eight }
    case .int4: bits = obstacles.map { $0 == nil ? .four : .eight }
    case .int4Layers(let names):
      try expectLayers(names, in: graph)
      for (node, obstacle) in zip(graph.nodes, obstacles) where names.contains(node.name) {
        if let obstacle { throw GraphError("\(node.name) cannot have weights of four bits: \(obstacle)") }
      }
      bits = graph.nodes.map { names.contains($0.name) ? .four : .eight }
    }
  }

  /// Of an imported int8 network: four where a layer is chosen and its weights fit them as they are.
  /// - Throws: as above, and when a named layer's weights do not fit.
  init(keeping graph: Graph, _ options: CompileOptions) throws(GraphError) {
    try self.init(graph, options, nil)
    for (position, node) in graph.nodes.enumerated() where bits[position] == .four {
      let values = node.inputs.count > 1 ? graph[node.inputs[1]].quantizedWeights?.values : nil
      let isWide = graph[node.outputs[0]].quantization?.element != .int8
      if let values, !isWide, values.allSatisfy({ (-8...7).contains($0) }) { continue }
      guard options.weights == .int4 else {
        throw GraphError(
          "\(node.name): its weights are more than four bits hold, and an imported int8 network's are kept as they are")
      }
      bits[position] = .eight
    }
  }

  /// Those of a node.
  subscript(node: Int) -> WeightBits { bits.isEmpty ? .eight : bits[node] }
}

/// - Throws: `GraphError` unless each name is a layer's.
func expectLayers(_ names: Set<String>, in graph: Graph) throws(GraphError) {
  let unknown = names.subtracting(graph.nodes.map(\.name)).sorted()
  guard unknown.isEmpty else {
    throw GraphError(
      "\(graph.name) has no layer named \(unknown.joined(separator: ", ")); `martlet inspect` of the converted network "
        + "prints the names")
  }
}

extension WeightWidths {
  /// What a packed file says about it.
  var provenance: [(key: String, value: String)] {
    switch self {
    case .int8: []
    case .int4: [("weights", "int4")]
    case .int4Layers(let names): [("weights", "int4 in \(names.sorted().joined(separator: ", "))")]
    }
  }
}
