import Graph

/// Which values of a network are hurt most by eight bits: each is rounded alone, and everything else computed in float.
struct ValueDamage {
  /// Inputs that are evaluated for each value.
  private static let evaluatedInputs = 8

  /// The layers that must compute with int16 tensors to keep a value in sixteen bits: its producer and its readers.
  let names: [String]
  /// Noise in the first output, as a share of its power.
  let noise: Double

  /// Every value that can be widened, the one that does most damage first.
  /// - Throws: what the inputs throw.
  static func ranking(
    _ graph: Graph, _ rules: ChosenQuantizations, _ trials: WidthTrials, _ workers: Workers, progress: (Double) -> Void
  ) throws -> [ValueDamage] {
    let all = trials.searched
    let count = min(all.count, evaluatedInputs)
    let examples = (0..<count).map { all[$0 * all.count / count] }
    let inputs = try examples.map(trials.data.inputs.inputs)
    let index = GraphIndex(graph)
    let expected = try outputs(graph, inputs, workers)
    var damages: [(position: Int, damage: ValueDamage)] = []
    for (position, node) in graph.nodes.enumerated() {
      progress(Double(position) / Double(graph.nodes.count))
      let value = node.outputs[0]
      let members = [position] + index.readers(of: value)
      guard node.outputs.count == 1, let rule = rules[value], rule.element == .int8,
        members.allSatisfy({ graph.nodes[$0].operation.int16OutputQuantization != nil })
      else { continue }
      let found = try outputs(graph.rounding(value, rule), inputs, workers)
      damages.append(
        (position, ValueDamage(names: members.map { graph.nodes[$0].name }, noise: noise(expected, found))))
    }
    return damages.sorted { ($1.damage.noise, $0.position) < ($0.damage.noise, $1.position) }.map(\.damage)
  }

  private static func outputs(_ graph: Graph, _ inputs: [[Tensor]], _ workers: Workers) throws -> [[Float]] {
    let evaluator = Evaluator(graph, workers: workers)
    return try inputs.map { try evaluator.run($0)[0].values }
  }

  private static func noise(_ expected: [[Float]], _ found: [[Float]]) -> Double {
    var sums = ErrorAccumulator()
    for (x, y) in zip(expected, found) { sums.add(x, y) }
    return sums.noise / max(sums.signal, .leastNormalMagnitude)
  }
}

extension Graph {
  /// The network in which one value is rounded to what `rule` can represent.
  fileprivate func rounding(_ value: ValueID, _ rule: Quantization) -> Graph {
    var graph = self
    guard let position = nodes.firstIndex(where: { $0.outputs.contains(value) }) else { return graph }
    let rounded = graph.addValue("\(self[value].name)/rounded", shape: self[value].shape)
    for node in graph.nodes.indices {
      graph.nodes[node].inputs = graph.nodes[node].inputs.map { $0 == value ? rounded : $0 }
    }
    graph.outputs = graph.outputs.map { $0 == value ? rounded : $0 }
    graph.nodes.insert(
      Node(name: "rounded", operation: RoundedValues(rule: rule), inputs: [value], outputs: [rounded]),
      at: position + 1)
    return graph
  }
}

/// Rounds every value to what a quantization can represent.
private struct RoundedValues: Operator {
  static var kind: String { "RoundedValues" }
  let rule: Quantization

  func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] { inputs }

  func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    [Tensor(shape: inputs[0].shape, values: inputs[0].values.map { rule.real(rule.quantize($0)) })]
  }
}
