import Compiler
import Graph

/// A float network whose classifier was replaced: the mean over the pixels of what the old one read, then a fully connected
/// layer that gives scores of the new classes.
struct ReplacedClassifier {
  /// The network; its output is the scores, [1, classes].
  private(set) var graph: Graph
  /// The new layer's weights, classes × features.
  let weights: ValueID
  /// The new layer's biases.
  let biases: ValueID
  /// Values that the new layer reads.
  let featureCount: Int

  /// - Parameters:
  ///   - graph: a classifier of pictures: behind its last fully connected layer or 1×1 convolution only softmax, pooling,
  ///     activations and changes of shape may follow.
  ///   - keepsNormalizations: batch normalizations stay layers of their own; else they become part of the convolutions.
  /// - Throws: `FinetuneError` when it does not end so; `GraphError` when it cannot be simplified.
  init(_ network: Graph, classes: Int, keepsNormalizations: Bool) throws {
    var graph = network
    if keepsNormalizations { try clean(&graph) } else { try simplify(&graph, fusesResiduals: false) }
    guard graph.inputs.count == 1, let output = graph.outputs.first, graph[graph.inputs[0]].shape.count == 4 else {
      throw FinetuneError("\(network.name) is no classifier of pictures: it needs one input of pictures")
    }
    var value = try Self.classifierInput(of: graph, output)
    let shape = graph[value].shape
    guard let features = shape.last else {
      throw FinetuneError("\(network.name): its classifier reads a single number")
    }
    if shape.count == 4, shape[1] * shape[2] > 1 {
      value = try graph.append(
        AveragePool2D(window: Size2D(shape[1], shape[2])), [value], name: "finetune/mean")[0]
    }
    value = try graph.append(Reshape(shape: [1, features]), [value], name: "finetune/features")[0]
    weights = graph.addConstant("finetune/weights", Tensor(shape: [classes, features]))
    biases = graph.addConstant("finetune/biases", Tensor(shape: [classes]))
    graph.outputs = [try graph.append(FullyConnected(), [value, weights, biases], name: "finetune/classifier")[0]]
    try clean(&graph)
    self.graph = graph
    featureCount = features
  }

  /// Sets the new layer.
  mutating func begin(with layer: (weights: [Float], biases: [Float])) {
    graph[weights].constant?.values = layer.weights
    graph[biases].constant?.values = layer.biases
  }

  private static func classifierInput(of graph: Graph, _ output: ValueID) throws -> ValueID {
    var value = output
    for node in graph.nodes.reversed() where node.outputs.contains(value) {
      switch node.operation {
      case is FullyConnected: return node.inputs[0]
      case is Conv2D where graph[node.inputs[1]].shape.dropFirst().prefix(2).allSatisfy({ $0 == 1 }):
        return node.inputs[0]
      case is Softmax, is AveragePool2D, is Activation, is Reshape, is Transpose: value = node.inputs[0]
      default: break
      }
    }
    throw FinetuneError(
      "\(graph.name) does not end in a classifier (a fully connected layer or a 1×1 convolution, then softmax or pooling), "
        + "which could be replaced")
  }
}
