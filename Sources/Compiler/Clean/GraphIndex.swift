import Graph

/// Who computes and who reads each value; valid until the graph changes.
struct GraphIndex {
  private let producers: [Int?]
  private let readers: [[Int]]
  private let isOutput: [Bool]

  init(_ graph: Graph) {
    var producers = [Int?](repeating: nil, count: graph.values.count)
    var readers = [[Int]](repeating: [], count: graph.values.count)
    var isOutput = [Bool](repeating: false, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      for id in node.outputs { producers[id.index] = index }
      for id in node.inputs { readers[id.index].append(index) }
    }
    for id in graph.outputs { isOutput[id.index] = true }
    self.producers = producers
    self.readers = readers
    self.isOutput = isOutput
  }

  /// The node that computes a value; nil for network inputs and constants.
  func producer(of id: ValueID) -> Int? { producers[id.index] }

  /// The nodes that read a value, once for each operand.
  func readers(of id: ValueID) -> [Int] { readers[id.index] }

  /// Whether a value is a network output.
  func isOutput(_ id: ValueID) -> Bool { isOutput[id.index] }

  /// Whether a value has one reader and the user does not see it, so that it may be changed for that reader.
  func hasOneUse(_ id: ValueID) -> Bool { readers[id.index].count == 1 && !isOutput[id.index] }
}

/// A rewriting of one node and its neighbours. It returns false, and changes nothing, where it does not apply.
typealias RewriteRule = (_ graph: inout Graph, _ node: Int, _ index: GraphIndex) throws(GraphError) -> Bool

extension Graph {
  /// Applies the rules until none applies any more.
  mutating func rewrite(_ rules: [RewriteRule]) throws(GraphError) {
    var index = GraphIndex(self)
    var node = 0
    while node < nodes.count {
      var changed = false
      for rule in rules {
        changed = try rule(&self, node, index)
        if changed { break }
      }
      if changed {
        // A change may enable a rule at an earlier node.
        index = GraphIndex(self)
        node = max(0, node - 4)
      } else {
        node += 1
      }
    }
  }

  /// Lets every reader of `old`, and the user, read `new` instead.
  mutating func replaceUses(of old: ValueID, with new: ValueID) {
    for node in nodes.indices {
      for position in nodes[node].inputs.indices where nodes[node].inputs[position] == old {
        nodes[node].inputs[position] = new
      }
    }
    for position in outputs.indices where outputs[position] == old { outputs[position] = new }
  }

  /// Removes a node whose output equals its first input. Not possible where the network's output would become its own
  /// input or a constant, or where a fixed quantization would change.
  mutating func bypass(_ node: Int, _ index: GraphIndex) -> Bool {
    let (input, output) = (nodes[node].inputs[0], nodes[node].outputs[0])
    guard nodes[node].clamp == nil, self[input].quantization == self[output].quantization else { return false }
    if index.isOutput(output) {
      guard index.producer(of: input) != nil else { return false }
      if !index.isOutput(input) { self[input].name = self[output].name }
    }
    replaceUses(of: output, with: input)
    nodes.remove(at: node)
    return true
  }

  /// Exchanges a node with the one-input node that computes its operand `position`: `upper` then reads what `lower`
  /// computes. Shapes of the values between are set anew.
  /// - Parameter operation: what the node that comes first now computes.
  mutating func exchange(
    upper: Int, lower: Int, operation: any Operator, upperOperation: any Operator
  ) throws(GraphError) {
    let (source, middle) = (nodes[upper].inputs[0], nodes[upper].outputs[0])
    var first = nodes[lower]
    first.operation = operation
    first.inputs[0] = source
    first.outputs = [middle]
    self[middle].shape = try operation.outputShapes(first.inputs.map { self[$0].shape })[0]
    self[middle].name = first.name
    nodes[upper].operation = upperOperation
    nodes[upper].inputs = [middle]
    nodes[upper].outputs = nodes[lower].outputs
    nodes[lower] = nodes[upper]
    nodes[upper] = first
  }
}
