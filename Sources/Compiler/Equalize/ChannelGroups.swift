import Graph

/// Channels of activations that can be scaled together without changing what the network computes.
///
/// Weighted layers write them and read them; between these lie only additions, poolings, ReLU and concatenation, for
/// which f(s · x) = s · f(x) with s > 0.
struct ChannelGroups {
  /// For each activation, the number of its first channel in `parents`.
  private var firstChannel: [Int?]
  private var parents: [Int] = []
  private var fixed: Set<Int> = []

  init(_ graph: Graph) {
    firstChannel = Array(repeating: nil, count: graph.values.count)
    for (index, value) in graph.values.enumerated() where value.constant == nil {
      firstChannel[index] = parents.count
      parents += parents.count..<parents.count + (value.shape.last ?? 1)
    }
    var unscalable = graph.inputs + graph.outputs
    unscalable += graph.nodes.flatMap(\.outputs).filter { graph[$0].quantization != nil }
    for (position, node) in graph.nodes.enumerated() {
      let activations = node.inputs.filter { graph[$0].constant == nil }
      var free = connect(node, graph)
      if LinearLayer(graph, position) != nil { free += [node.inputs[0], node.outputs[0]] }
      if let clamp = node.clamp, clamp != 0...Float.infinity { free.removeAll { $0 == node.outputs[0] } }
      unscalable += (activations + node.outputs).filter { !free.contains($0) }
    }
    for id in unscalable {
      for channel in channels(of: id, graph) { fixed.insert(channel) }
    }
    fixed = Set(fixed.map(root))
  }

  /// Numbers of groups are below this.
  var count: Int { parents.count }
  /// Whether no channel may be scaled.
  var isEmpty: Bool { parents.indices.allSatisfy { fixed.contains(root($0)) } }

  /// The group of each channel of an activation; nil where the scale must stay.
  func groups(of id: ValueID, _ graph: Graph) -> [Int?] {
    channels(of: id, graph).map { channel in
      let group = root(channel)
      return fixed.contains(group) ? nil : group
    }
  }

  /// Joins the channels that an operator passes from its inputs to its output; these inputs and the output.
  private mutating func connect(_ node: Node, _ graph: Graph) -> [ValueID] {
    let output = node.outputs[0]
    var sources: [(id: ValueID, first: Int)] = []
    switch node.operation {
    case let operation as Conv2D where operation.hasResidual: sources = [(node.inputs[3], 0)]
    case is Add where node.inputs.allSatisfy { graph[$0].constant == nil && graph[$0].shape == graph[output].shape }:
      sources = node.inputs.map { ($0, 0) }
    case is MaxPool2D, is AveragePool2D: sources = [(node.inputs[0], 0)]
    case is Reshape where graph[node.inputs[0]].shape.last == graph[output].shape.last:
      sources = [(node.inputs[0], 0)]
    case let operation as Activation where operation.function == .relu: sources = [(node.inputs[0], 0)]
    case let operation as Concat where operation.axis == graph[output].shape.count - 1:
      var first = 0
      for id in node.inputs {
        sources.append((id, first))
        first += graph[id].shape.last ?? 1
      }
    default: return []
    }
    guard sources.allSatisfy({ graph[$0.id].constant == nil }) else { return [] }
    let into = channels(of: output, graph)
    for source in sources {
      for (offset, channel) in channels(of: source.id, graph).enumerated() {
        join(channel, into.lowerBound + source.first + offset)
      }
    }
    return sources.map(\.id) + [output]
  }

  private func channels(of id: ValueID, _ graph: Graph) -> Range<Int> {
    guard let first = firstChannel[id.index] else { return 0..<0 }
    return first..<first + (graph[id].shape.last ?? 1)
  }

  private func root(_ channel: Int) -> Int {
    var channel = channel
    while parents[channel] != channel { channel = parents[channel] }
    return channel
  }

  private mutating func join(_ a: Int, _ b: Int) {
    let (a, b) = (root(a), root(b))
    if a != b { parents[max(a, b)] = min(a, b) }
  }
}
