import Graph

/// A layer that is linear in constant weights, seen alike whatever the layout of its weights.
struct LinearLayer {
  let node: Int
  let weights: Tensor
  let bias: Tensor
  let hasPadding: Bool
  let hasResidual: Bool
  private let isDepthwise: Bool
  private let groups: Int

  /// Nil when the node is no such layer, or its weights are not constants.
  init?(_ graph: Graph, _ node: Int) {
    let inputs = graph.nodes[node].inputs
    switch graph.nodes[node].operation {
    case let operation as Conv2D:
      hasPadding = operation.padding != .zero
      hasResidual = operation.hasResidual
      isDepthwise = false
      groups = operation.groups
    case let operation as DepthwiseConv2D:
      hasPadding = operation.padding != .zero
      hasResidual = false
      isDepthwise = true
      groups = 1
    case is FullyConnected:
      hasPadding = false
      hasResidual = false
      isDepthwise = false
      groups = 1
    default: return nil
    }
    guard let weights = graph[inputs[1]].constant, let bias = graph[inputs[2]].constant else { return nil }
    self.node = node
    self.weights = weights
    self.bias = bias
  }

  /// Output channels.
  var outputs: Int { bias.count }

  /// Weights of one output channel.
  var taps: Int { weights.count / max(1, outputs) }

  /// Where the weights of an output channel lie.
  func places(ofOutput channel: Int) -> StrideTo<Int> {
    isDepthwise
      ? stride(from: channel, to: weights.count, by: outputs)
      : stride(from: channel * taps, to: (channel + 1) * taps, by: 1)
  }

  /// The input channel that a weight of output channel `output` multiplies.
  func input(ofPlace place: Int, output: Int) -> Int {
    guard !isDepthwise, let depth = weights.shape.last else { return output }
    return output / (outputs / groups) * depth + place % depth
  }

  /// Gives the node new constants.
  /// - Throws: `GraphError` when one is not finite.
  func store(_ weights: Tensor, _ bias: Tensor, in graph: inout Graph, foldedFrom source: String) throws(GraphError) {
    let name = graph.nodes[node].name
    guard weights.values.allSatisfy(\.isFinite), bias.values.allSatisfy(\.isFinite) else {
      throw GraphError(
        "\(name): folding \(source) into it gives weights or biases that are infinite or undefined; "
          + "look for a broken variance, scale or weight in these two layers and train or export them again")
    }
    graph.nodes[node].inputs[1] = graph.addConstant("\(name).weights", weights)
    graph.nodes[node].inputs[2] = graph.addConstant("\(name).bias", bias)
  }
}
