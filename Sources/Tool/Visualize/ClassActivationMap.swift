import Graph

/// Where a network sees a class: the channels before the global average, each times its weight for the class (Zhou et al.,
/// Learning Deep Features for Discriminative Localization, 2016).
struct ClassActivationMap {
  /// With the extents of the layer before the average; its mean plus `bias` is the class's score.
  let map: Plane
  let bias: Float
  /// The class.
  let output: Int
  /// The layer before the average.
  let layer: String

  /// - Parameter output: the class; nil: that with the largest score.
  /// - Throws: a sentence when the network does not end in a global average and at most one linear layer after it.
  init(_ graph: Graph, _ inputs: [Tensor], output: Int?) throws {
    let ending = try Ending(graph)
    var features: Tensor?
    let answers = try graph.evaluate(inputs: inputs) { id, tensor in if id == ending.features { features = tensor } }
    guard let features, let scores = answers.first else { throw ToolError("\(graph.name) has no output.") }
    let chosen = output ?? scores.values.indices.max { (scores.values[$0], $1) < (scores.values[$1], $0) } ?? 0
    guard scores.values.indices.contains(chosen) else {
      throw ToolError("\(graph.name) has \(scores.count) outputs; there is no class \(chosen).")
    }
    let channels = features.shape[3]
    let weights =
      ending.weights.map { Array($0.values[chosen * channels..<(chosen + 1) * channels]) }
      ?? (0..<channels).map { $0 == chosen ? 1 : 0 }
    let values = stride(from: 0, to: features.count, by: channels).map { start in
      weights.indices.reduce(Float(0)) { $0 + features.values[start + $1] * weights[$1] }
    }
    map = Plane(height: features.shape[1], width: features.shape[2], values: values)
    bias = ending.bias?.values[chosen] ?? 0
    self.output = chosen
    layer = ending.layer
  }

  /// The last layers of a network that can be read in this way.
  private struct Ending {
    let features: ValueID
    let layer: String
    /// [classes, channels]; nil: the channels are the classes.
    var weights: Tensor?
    var bias: Tensor?

    init(_ graph: Graph) throws {
      let refusal = ToolError(
        "\(graph.name) does not end in a global average and one linear layer, so that it has no class activation map: "
          + "`martlet visualize occlusion` works for every network.")
      let producers = Dictionary(
        graph.nodes.flatMap { node in node.outputs.map { ($0, node) } }, uniquingKeysWith: { first, _ in first })
      guard var id = graph.outputs.first else { throw refusal }
      while let node = producers[id] {
        switch node.operation {
        case is Softmax, is LogSoftmax, is Reshape, is Dropout, is Transpose: break
        case is FullyConnected where weights == nil:
          (weights, bias) = (graph[node.inputs[1]].constant, graph[node.inputs[2]].constant)
        case let convolution as Conv2D
        where weights == nil && graph[node.outputs[0]].shape.dropLast().allSatisfy({ $0 == 1 })
          && graph[node.inputs[1]].shape.dropFirst().prefix(2) == [1, 1] && convolution.groups == 1
          && !convolution.hasResidual:
          (weights, bias) = (graph[node.inputs[1]].constant, graph[node.inputs[2]].constant)
        case let pool as AveragePool2D:
          let shape = graph[node.inputs[0]].shape
          guard shape.count == 4, shape[1] * shape[2] > 1, pool.window == Size2D(shape[1], shape[2]),
            weights.map({ $0.count == graph[graph.outputs[0]].shape.reduce(1, *) * shape[3] }) ?? true
          else { throw refusal }
          features = node.inputs[0]
          layer = graph[features].name
          return
        default: throw refusal
        }
        id = node.inputs[0]
      }
      throw refusal
    }
  }
}
