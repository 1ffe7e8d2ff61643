import Graph

/// A float network and its quantized form run beside each other, node by node, each node on many examples before the next:
/// what a node's weights become can then depend on what the packed nodes before it really compute.
///
/// As many examples run at once as fit in a budget of memory: few where tensors are large, which have many positions, all
/// where they are small. An example that joins later runs the nodes before first.
struct TwinRun {
  /// What one example's values are now.
  struct Twin {
    /// In the float network.
    var float: [ValueID: Tensor] = [:]
    /// In the packed network, as real numbers.
    var packed: [ValueID: Tensor] = [:]
  }

  /// The examples that run now, those first that were in the beginning.
  private(set) var twins: [Twin] = []
  private let graph: Graph
  private let rules: ChosenQuantizations
  private let data: CalibrationData
  private let workers: Workers
  private let released: [[ValueID]]
  private let counts: [Int]
  private var done: [(float: NodeEvaluator, packed: NodeEvaluator, rounds: Bool)] = []

  /// - Parameter budgetBytes: what the values of all examples may take together; four examples run in any case.
  init(
    _ graph: Graph, _ rules: ChosenQuantizations, on data: CalibrationData, budgetBytes: Int = 128 << 20,
    workers: Workers
  ) {
    (self.graph, self.rules, self.data, self.workers) = (graph, rules, data, workers)
    released = lastReaders(graph)
    counts = valuesAlive(graph, released).map { values in
      min(data.count, max(min(4, data.count), budgetBytes / max(1, 8 * values)))
    }
  }

  /// Sees to it that the examples of a node's turn stand before it.
  /// - Throws: what the examples throw.
  mutating func prepare(_ node: Int) throws {
    let wanted = counts[node]
    if twins.count > wanted { twins.removeLast(twins.count - wanted) }
    while twins.count < wanted {
      var twin = Twin()
      for (id, tensor) in zip(graph.inputs, try data.inputs(twins.count)) {
        twin.float[id] = tensor
        twin.packed[id] = rules[id].map { tensor.rounded(by: $0, on: workers) } ?? tensor
      }
      for earlier in 0..<node { try step(earlier, &twin) }
      twins.append(twin)
    }
  }

  /// Runs a node for all examples; `constants` take the place of the packed node's own.
  /// - Throws: `GraphError` when it reads what nothing computes.
  mutating func run(_ node: Int, packedConstants constants: [Int: Tensor]) throws(GraphError) {
    let float = NodeEvaluator(graph, node: node, workers: workers)
    let packed = constants.isEmpty ? float : NodeEvaluator(graph, node: node, replacing: constants, workers: workers)
    done.append((float, packed, graph.nodes[node].operation.outputQuantization != .sameAsInput))
    for index in twins.indices { try step(node, &twins[index]) }
  }

  private func step(_ node: Int, _ twin: inout Twin) throws(GraphError) {
    let (float, packed, rounds) = done[node]
    let results = zip(try float.outputs { twin.float[$0] }, try packed.outputs { twin.packed[$0] })
    for (id, (a, b)) in zip(graph.nodes[node].outputs, results) {
      twin.float[id] = a
      twin.packed[id] = rounds ? rules[id].map { b.rounded(by: $0, on: workers) } ?? b : b
    }
    for id in released[node] { (twin.float[id], twin.packed[id]) = (nil, nil) }
  }
}

/// For each node, the activations that nothing reads after it.
private func lastReaders(_ graph: Graph) -> [[ValueID]] {
  var last: [ValueID: Int] = [:]
  for (position, node) in graph.nodes.enumerated() {
    for id in node.inputs + node.outputs where graph[id].constant == nil { last[id] = position }
  }
  var released = [[ValueID]](repeating: [], count: graph.nodes.count)
  for (id, node) in last { released[node].append(id) }
  return released
}

/// For each node, how many numbers its example's live activations hold while it runs.
private func valuesAlive(_ graph: Graph, _ released: [[ValueID]]) -> [Int] {
  func size(_ ids: [ValueID]) -> Int { ids.reduce(0) { $0 + graph[$1].shape.reduce(1, *) } }
  var alive = size(graph.inputs)
  return graph.nodes.indices.map { node in
    alive += size(graph.nodes[node].outputs)
    defer { alive -= size(released[node]) }
    return alive
  }
}

extension Tensor {
  /// Each value replaced by the nearest that a quantization can represent.
  func rounded(by rule: Quantization, on workers: Workers) -> Tensor {
    var result = self
    let low = Float(rule.element.values.lowerBound) - Float(rule.zeroPoint)
    let high = Float(rule.element.values.upperBound) - Float(rule.zeroPoint)
    let scale = rule.scale
    result.values.withUnsafeMutableBufferPointer { values in
      nonisolated(unsafe) let values = values
      workers.split(values.count, minimum: 1 << 14) { range in
        for index in range {
          let steps = (values[index] / scale).rounded(.toNearestOrEven)
          values[index] = steps.isNaN ? 0 : max(low, min(high, steps)) * scale
        }
      }
    }
    return result
  }
}
