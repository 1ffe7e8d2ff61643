import Graph

/// Which values of a network are int16.
struct Int16Values {
  private var nodes: [Bool]
  private var values: [Bool]

  /// A layer is chosen by `options` if it has an int16 form. An input is int16 when nothing but such layers reads it and
  /// no picture is to become it, whose values have eight bits anyway.
  init(_ graph: Graph, _ options: CompileOptions) {
    nodes = graph.nodes.map { $0.operation.int16OutputQuantization != nil && options.activations.includes($0.name) }
    values = [Bool](repeating: false, count: graph.values.count)
    for (position, node) in graph.nodes.enumerated() {
      for output in node.outputs { values[output.index] = nodes[position] }
    }
    guard options.preprocessing == nil else { return }
    for input in graph.inputs {
      let readers = graph.nodes.indices.filter { graph.nodes[$0].inputs.contains(input) }
      values[input.index] = !readers.isEmpty && readers.allSatisfy { nodes[$0] }
    }
  }

  /// Whether a node computes with int16 tensors.
  func contains(node: Int) -> Bool { nodes[node] }

  /// Whether a value is int16.
  subscript(id: ValueID) -> Bool { values[id.index] }

  /// Whether the value of this number is int16.
  subscript(value: Int) -> Bool { values[value] }

  /// Takes note of a node that was inserted, and of its new output.
  fileprivate mutating func insert(isInt16: Bool, before node: Int) {
    nodes.insert(isInt16, at: node)
    values.append(isInt16)
  }
}

/// Puts a layer that only changes the quantization wherever a layer reads values of another width than it computes with,
/// and before each input of an int16 Concat that something else decides the scale of.
/// - Returns: which values are int16 now; nil: none.
/// - Throws: `GraphError` when a layer is named that does not exist.
func insertRequantizations(_ graph: inout Graph, _ options: CompileOptions) throws(GraphError) -> Int16Values? {
  guard options.activations != .int8 else { return nil }
  if case .int16Layers(let names) = options.activations { try expectLayers(names, in: graph) }
  let wide = Int16Values(graph, options)
  var result = wide
  let index = GraphIndex(graph)
  var nodes: [Node] = []
  var known: [ValueID: ValueID] = [:]
  let source = graph.nodes
  for (position, node) in source.enumerated() {
    var node = node
    for place in node.inputs.indices {
      let input = node.inputs[place]
      guard graph[input].constant == nil else { continue }
      let isShared = node.operation is Concat && wide.contains(node: position) && !isOwn(input, source, index)
      guard wide[input] != wide.contains(node: position) || isShared else { continue }
      if !isShared, let other = known[input] {
        node.inputs[place] = other
        continue
      }
      let isWide = wide.contains(node: position)
      let suffix = isWide ? "int16" : "int8"
      let name = isShared ? "\(node.name)/\(suffix) \(place)" : "\(graph[input].name)/\(suffix)"
      let other = graph.addValue(name, shape: graph[input].shape)
      result.insert(isInt16: isWide, before: nodes.count)
      nodes.append(
        Node(
          name: name, operation: Activation(.clip(low: -.infinity, high: .infinity)), inputs: [input],
          outputs: [other]))
      if !isShared { known[input] = other }
      node.inputs[place] = other
    }
    nodes.append(node)
  }
  graph.nodes = nodes
  return result
}

/// Whether a value is made by a layer whose scale is free, for one reader alone.
private func isOwn(_ id: ValueID, _ nodes: [Node], _ index: GraphIndex) -> Bool {
  guard !index.isOutput(id), index.readers(of: id).count == 1,
    let producer = nodes.first(where: { $0.outputs.contains(id) })
  else { return false }
  return producer.operation.int16OutputQuantization == .calibrated && !(producer.operation is Concat)
}

extension Quantization {
  /// The symmetric int16 rule for a range.
  init(int16Covering range: ClosedRange<Float>) {
    let largest = max(abs(Double(range.lowerBound)), abs(Double(range.upperBound)))
    let scale = largest > 0 ? max(largest / 32767, 1e-30) : 1
    self.init(scale: Float(min(scale, Double(Float.greatestFiniteMagnitude))), zeroPoint: 0, element: .int16)
  }
}

extension ActivationWidths {
  /// What a packed file says about it.
  var provenance: [(key: String, value: String)] {
    switch self {
    case .int8: []
    case .int16: [(activationsKey, "int16")]
    case .int16Layers(let names): [(activationsKey, "int16 in \(names.sorted().joined(separator: ", "))")]
    }
  }
}
