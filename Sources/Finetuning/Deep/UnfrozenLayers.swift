import Compiler
import Graph

/// A network cut in two at a single value: what stays as it is, computed once a picture, and what is trained.
struct UnfrozenLayers {
  /// Up to the cut; nil when the cut is the input itself.
  let frozen: Graph?
  /// From the cut on. Its value tags are the whole network's.
  let trained: Graph
  /// For each trained parameter, in the order of the layers, how many layers with weights lie behind it.
  let depths: [Int]

  /// Names of constants that stay as they are begin so.
  static let fixedPrefix = "frozen/"

  /// - Parameters:
  ///   - graph: ends in the new classifier.
  ///   - layers: how many layers with weights before the classifier are trained; nil: all.
  init(_ graph: Graph, layers: Int?) throws {
    let weighted = graph.nodes.indices.filter { Self.hasWeights(graph.nodes[$0], graph) }
    let count = min(weighted.count, layers.map { $0 + 1 } ?? weighted.count)
    let first = count == 0 ? graph.nodes.count : weighted[weighted.count - count]
    let (cut, value) = Self.cut(graph, notAfter: first)
    var trained = graph
    trained.nodes = Array(graph.nodes[cut...])
    trained.inputs = [value]
    for node in graph.nodes[cut..<max(cut, first)] {
      for id in node.inputs where graph[id].constant != nil { trained[id].name = Self.fixedPrefix + graph[id].name }
    }
    if value == graph.inputs[0] {
      frozen = nil
    } else {
      var frozen = graph
      frozen.nodes = Array(graph.nodes[..<cut])
      frozen.outputs = [value]
      self.frozen = frozen
    }
    self.trained = trained
    var (depths, found): ([Int], Set<ValueID>) = ([], [])
    for node in trained.nodes {
      let depth = weighted.count { graph.nodes[$0].outputs[0].index > node.outputs[0].index }
      let parameters = Self.operation(of: node) is BatchNormalization ? 3 : node.inputs.count
      for id in node.inputs.prefix(parameters).dropFirst()
      where trained[id].constant != nil && found.insert(id).inserted
        && !trained[id].name.hasPrefix(Self.fixedPrefix)
      {
        depths.append(depth)
      }
    }
    self.depths = depths
  }

  private static func operation(of node: Node) -> any Operator {
    (node.operation as? SimulatedOperator)?.inner ?? node.operation
  }

  private static func hasWeights(_ node: Node, _ graph: Graph) -> Bool {
    let operation = Self.operation(of: node)
    return (operation is Conv2D || operation is DepthwiseConv2D || operation is FullyConnected)
      && node.inputs.count > 1 && graph[node.inputs[1]].constant != nil
  }

  /// The last place at or before node `limit` where a single activation goes from the nodes before it to those behind.
  private static func cut(_ graph: Graph, notAfter limit: Int) -> (node: Int, value: ValueID) {
    var lastUse: [ValueID: Int] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for id in node.inputs where graph[id].constant == nil { lastUse[id] = index }
    }
    var crossing: Set<ValueID> = Set(graph.inputs)
    var best = (node: 0, value: graph.inputs[0])
    for (index, node) in graph.nodes.enumerated() where index < limit {
      crossing = crossing.filter { (lastUse[$0] ?? -1) > index }
      for id in node.outputs where (lastUse[id] ?? -1) > index { crossing.insert(id) }
      if crossing.count == 1, let value = crossing.first { best = (index + 1, value) }
    }
    return best
  }
}
