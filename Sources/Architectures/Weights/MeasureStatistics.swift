import Graph

extension Graph {
  /// Sets the mean and variance of every batch normalization to what `examples` show there, layer by layer, so that
  /// the signals of a network without training keep their size, as those of a trained one do.
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
      if node.operation is BatchNormalization, let batch = computed[node.inputs[0]] {
        let (mean, variance) = Self.statistics(batch)
        self[node.inputs[3]].constant = mean
        self[node.inputs[4]].constant = variance
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

  /// Mean and variance of each channel over all places of all tensors.
  private static func statistics(_ batch: [Tensor]) -> (mean: Tensor, variance: Tensor) {
    let channels = batch[0].shape.last ?? 1
    var sums = [Double](repeating: 0, count: channels)
    var squares = sums
    for tensor in batch {
      for start in stride(from: 0, to: tensor.count, by: channels) {
        for channel in 0..<channels {
          let value = Double(tensor.values[start + channel])
          sums[channel] += value
          squares[channel] += value * value
        }
      }
    }
    let places = Double(max(1, batch.reduce(0) { $0 + $1.count } / channels))
    let means = sums.map { $0 / places }
    let variances = zip(squares, means).map { max(0, $0 / places - $1 * $1) }
    return (
      Tensor(shape: [channels], values: means.map { Float($0) }),
      Tensor(shape: [channels], values: variances.map { Float($0) })
    )
  }
}
