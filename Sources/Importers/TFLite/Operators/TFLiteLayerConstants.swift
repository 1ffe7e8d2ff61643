import Graph

extension TFLiteTranslator {
  /// The weights (in `shape`) and bias of a layer as the graph's constants. Those of an int8 layer are also kept exactly.
  mutating func layerConstants(
    _ node: TFLiteNode, _ weights: TFLiteConstant, shape: [Int], outputAxis: Int, _ x: ValueID, biasInput: Int = 2
  ) throws(Unsupported) -> [ValueID] {
    let outputs = shape[outputAxis]
    let bias = node.has(biasInput) ? try node.constant(biasInput) : nil
    guard bias == nil || bias?.shape.reduce(1, *) == outputs else {
      throw .damaged("its bias of shape \(bias?.shape ?? []) does not fit \(outputs) output channels")
    }
    if let rule = weights.quantization, rule.scales.count > 1, rule.scales.count != outputs {
      throw Unsupported(
        "its weights are quantized along another axis than the output channels", "Convert with one scale a channel")
    }
    try reserve(weights.shape.reduce(1, *) + outputs)
    let exact = try exactWeights(node, weights, bias, outputs: outputs, input: graph[x].quantization)
    var biases = bias?.reals ?? [Float](repeating: 0, count: outputs)
    if let exact, let input = graph[x].quantization {
      biases = zip(exact.biases, exact.scales).map { Float(Double($0) * Double(input.scale) * Double($1)) }
    }
    let weightsID = graph.addConstant("\(node.name)/weights", Tensor(shape: shape, values: weights.reals))
    graph[weightsID].quantizedWeights = exact
    let biasID = graph.addConstant("\(node.name)/bias", Tensor(shape: [outputs], values: biases))
    return [weightsID, biasID]
  }

  /// Int8 weights as they are in the file; nil for float layers, and for weights with zero points.
  private mutating func exactWeights(
    _ node: TFLiteNode, _ weights: TFLiteConstant, _ bias: TFLiteConstant?, outputs: Int, input: Quantization?
  ) throws(Unsupported) -> QuantizedWeights? {
    guard input != nil else { return nil }
    guard case .bytes(let values) = weights.elements, let rule = weights.quantization,
      rule.zeroPoints.allSatisfy({ $0 == 0 })
    else {
      notes.append("\(node.name): its weights are not symmetric int8 values and are rounded anew")
      return nil
    }
    var biases = [Int64](repeating: 0, count: outputs)
    if let bias {
      guard let integers = bias.integers else { return nil }
      biases = integers.map { Int64($0) }
    }
    let scales = rule.scales.count == 1 ? [Float](repeating: rule.scales[0], count: outputs) : rule.scales
    return QuantizedWeights(values: values, scales: scales, biases: biases, roundsFactorsStepwise: true)
  }
}
