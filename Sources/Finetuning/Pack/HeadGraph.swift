import Compiler
import Graph
import Martlet

/// A network of one mean over all pixels, between two quantizations.
func poolingGraph(_ point: FeaturePoint, _ output: Quantization) throws(GraphError) -> Graph {
  var graph = Graph(name: "features")
  let input = graph.addInput("input", shape: [1, point.height, point.width, point.channels])
  graph[input].quantization = point.quantization
  graph.outputs = [try pooled(&graph, input, point, output)]
  return graph
}

private func pooled(
  _ graph: inout Graph, _ input: ValueID, _ point: FeaturePoint, _ output: Quantization
) throws(GraphError) -> ValueID {
  let mean = try graph.apply(
    AveragePool2D(window: Size2D(point.height, point.width)), input, name: "features")
  graph[mean].quantization = output
  return mean
}

/// The quantized network that a head patch is: the mean where it reads several pixels, its layers, softmax.
/// - Throws: `GraphError` when the patch does not fit the tensor.
func headGraph(_ patch: borrowing HeadPatch, at point: FeaturePoint) throws(GraphError) -> Graph {
  var graph = Graph(name: "head")
  let header = patch.header
  let features = Quantization(scale: header.featureScale, zeroPoint: header.featureZeroPoint)
  var value = graph.addInput("input", shape: [1, point.height, point.width, point.channels])
  graph[value].quantization = point.quantization
  guard (header.isPooled == 1) == point.isPooled, Int(header.featureCount) == point.channels,
    point.isPooled || features == point.quantization
  else { throw GraphError("the head does not read such features as \(point.name) gives: train it on this network") }
  if point.isPooled { value = try pooled(&graph, value, point, features) }
  for index in 0..<patch.layerCount { value = try append(patch, layer: index, &graph, value) }
  let probabilities = try graph.apply(Softmax(), value, name: "probabilities")
  graph[probabilities].quantization = Quantization(scale: 1 / 256, zeroPoint: -128)
  graph.outputs = [probabilities]
  return graph
}

private func append(
  _ patch: borrowing HeadPatch, layer index: Int, _ graph: inout Graph, _ input: ValueID
) throws(GraphError) -> ValueID {
  let record = patch.layer(index)
  let (inputs, outputs) = (Int(record.inputs), Int(record.outputs))
  let constants = patch.quantizedLayer(index)
  var reals = [Float](repeating: 0, count: inputs * outputs)
  for output in 0..<outputs {
    for place in output * inputs..<(output + 1) * inputs {
      reals[place] = Float(constants.values[place]) * constants.scales[output]
    }
  }
  let inputScale = graph[input].quantization?.scale ?? 1
  let weights = graph.addConstant("head/weights \(index)", Tensor(shape: [outputs, inputs], values: reals))
  graph[weights].quantizedWeights = constants
  let biases = zip(constants.biases, constants.scales).map { Float($0) * $1 * inputScale }
  let bias = graph.addConstant("head/biases \(index)", Tensor(shape: [outputs], values: biases))
  let isLast = index == patch.layerCount - 1
  let name = isLast ? "head" : "hidden"
  let output = try graph.append(FullyConnected(), [input, weights, bias], name: name)[0]
  let rule = Quantization(scale: record.outputScale, zeroPoint: record.outputZeroPoint)
  graph[output].quantization = rule
  if record.low > -128 || !isLast {
    graph.nodes[graph.nodes.count - 1].clamp = rule.real(ofValue: record.low)...rule.real(ofValue: 127)
  }
  return output
}
