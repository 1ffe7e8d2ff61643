import Graph

extension Graph {
  /// Sets the variances of every batch normalization to the mean square that `examples` show there over all channels,
  /// layer by layer, so that the signals of a network without training keep their size, as those of a trained one do.
  ///
  /// Means stay 0, and the channels of a layer keep their proportions: a deep random network that is centered at every
  /// layer is chaotic (Yang et al., "A mean field theory of batch normalization", 2019), so that its answers would
  /// depend on the last bit of its inputs.
  ///
  /// The network must have its weights and one input.
  /// - Throws: `GraphError` when an example has another shape than the input.
  public mutating func measureStatistics(
    on examples: [Tensor], workers: Workers = Workers()
  ) throws(GraphError) {
    guard inputs.count == 1, !examples.isEmpty, examples.allSatisfy({ $0.shape == self[inputs[0]].shape }) else {
      throw GraphError("\(name): statistics are measured on examples of the one input's shape")
    }
    var lastUse: [ValueID: Int] = [:]
    for (index, node) in nodes.enumerated() { for id in node.inputs { lastUse[id] = index } }
    var computed: [ValueID: [Tensor]] = [inputs[0]: examples]
    for (index, node) in nodes.enumerated() {
      if node.operation is BatchNormalization, !self[node.inputs[4]].name.hasSuffix(Parameter.fixedMark),
        let batch = computed[node.inputs[0]]
      {
        self[node.inputs[4]].constant = Self.meanSquares(batch)
      }
      for example in examples.indices {
        var operands: [Tensor] = []
        for id in node.inputs {
          guard let tensor = computed[id]?[example] ?? self[id].constant else {
            throw GraphError("\(name): \(self[id].name) has no value; build the network with weights")
          }
          operands.append(tensor)
        }
        for (id, tensor) in zip(node.outputs, node.operation.evaluate(operands, on: workers)) {
          computed[id, default: []].append(tensor)
        }
      }
      for id in node.inputs where lastUse[id] == index { computed[id] = nil }
    }
  }

  /// Over all channels and places of all tensors, once for each channel.
  private static func meanSquares(_ batch: [Tensor]) -> Tensor {
    var sum = 0.0
    for tensor in batch {
      for value in tensor.values { sum += Double(value) * Double(value) }
    }
    let count = batch.reduce(0) { $0 + $1.count }
    return Tensor(shape: [batch[0].shape.last ?? 1], repeating: Float(sum / Double(max(1, count))))
  }
}
