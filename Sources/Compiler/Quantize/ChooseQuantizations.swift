import Graph

/// A quantization for every activation: fixed by an imported int8 network or by the operator, shared where bytes pass
/// through, else from the range that calibration gives.
struct ChosenQuantizations {
  private var rules: [Quantization?]

  /// The rule of an activation.
  subscript(id: ValueID) -> Quantization? { rules[id.index] }

  /// The rules that an imported int8 network has.
  init(keeping graph: Graph) { rules = graph.values.map(\.quantization) }

  /// - Parameters:
  ///   - inputRange: the range of the network's first input, when preprocessing tells it exactly.
  ///   - int16: which values are int16; nil: none.
  init(
    _ graph: Graph, _ statistics: CalibrationStatistics, method: CalibrationMethod,
    inputRange: ClosedRange<Float>? = nil, int16: Int16Values? = nil
  ) {
    let index = GraphIndex(graph)
    let outputRules = graph.nodes.indices.map { node in
      let operation = graph.nodes[node].operation
      return int16?.contains(node: node) == true
        ? operation.int16OutputQuantization ?? operation.outputQuantization : operation.outputQuantization
    }
    let classes = QuantizationClasses(graph, index) { outputRules[$0] }
    var ranges = [ClosedRange<Float>?](repeating: nil, count: graph.values.count)
    var fixed = [Quantization?](repeating: nil, count: graph.values.count)
    func widen(_ id: ValueID, _ range: ClosedRange<Float>) {
      let root = classes.root(id.index)
      ranges[root] = ranges[root].map { $0.union(range) } ?? range
    }
    for (position, id) in graph.inputs.enumerated() {
      let seen = CalibrationMethod.minMax.range(of: statistics.histogram(of: id))
      widen(id, position == 0 ? inputRange ?? seen : seen)
      if let rule = graph[id].quantization { fixed[classes.root(id.index)] = rule }
    }
    for (position, node) in graph.nodes.enumerated() {
      for id in node.outputs {
        let root = classes.root(id.index)
        if let rule = graph[id].quantization { fixed[root] = fixed[root] ?? rule }
        switch outputRules[position] {
        case .fixed(let rule): fixed[root] = fixed[root] ?? rule
        case .sameAsInput:
          if let pad = node.operation as? Pad { widen(id, min(0, pad.value)...max(0, pad.value)) }
        case .calibrated:
          if node.operation is Concat {
            for input in node.inputs where classes.root(input.index) != root {
              let source = classes.root(input.index)
              if let range = fixed[source]?.range ?? ranges[source] { widen(id, range) }
            }
          } else {
            widen(
              id,
              range(
                of: id, node, statistics, method: int16?[id] == true || decides(id, graph, index) ? .minMax : method))
          }
        }
      }
    }
    rules = graph.values.indices.map { value in
      guard graph.values[value].constant == nil else { return nil }
      let root = classes.root(value)
      if let rule = fixed[root] { return rule }
      let isWide = int16?[value] == true
      return ranges[root].map { isWide ? Quantization(int16Covering: $0) : Quantization(covering: $0) }
    }
  }
}

/// Whether the user sees these values themselves: then the largest one, which decides, must not be clipped.
private func decides(_ id: ValueID, _ graph: Graph, _ index: GraphIndex) -> Bool {
  if index.isOutput(id) { return true }
  return index.readers(of: id).contains { reader in
    let operation = graph.nodes[reader].operation
    guard operation is Softmax || operation is TopK || operation.outputQuantization == .sameAsInput else {
      return false
    }
    return graph.nodes[reader].outputs.contains { decides($0, graph, index) }
  }
}

private func range(
  of id: ValueID, _ node: Node, _ statistics: CalibrationStatistics, method: CalibrationMethod
) -> ClosedRange<Float> {
  let range = method.range(of: statistics.histogram(of: id))
  guard let clamp = node.clamp else { return range }
  return clamp.contains(0) ? range.clamped(to: clamp) : range
}

extension ClosedRange<Float> {
  func union(_ other: ClosedRange<Float>) -> ClosedRange<Float> {
    Swift.min(lowerBound, other.lowerBound)...Swift.max(upperBound, other.upperBound)
  }
}
