/// Evaluates a network in training and goes back through it: the gradients of a loss by the network's parameters.
///
/// Every value computed on the way is kept until its gradient is known. Results have the same bits with any number of
/// threads.
public struct Differentiator: Sendable {
  /// The network; its constants are the parameters' values.
  public var graph: Graph
  /// The threads it uses.
  public let workers: Workers
  /// For each value, whether the loss's gradient by it is needed: parameters, and what depends on them.
  private let isNeeded: [Bool]
  private let parameters: Set<ValueID>
  /// Whether batch normalizations use the batch's own statistics, as in training, or their constants.
  private let usesBatchStatistics: Bool

  /// The result of one pass forward and back.
  public struct Pass: Sendable {
    /// The network's outputs.
    public var outputs: [Tensor]
    /// By each parameter, of its shape.
    public var gradients: [ValueID: Tensor]
    /// Of each batch normalization in training, by the node's index.
    public var statistics: [Int: BatchStatistics]
  }

  /// - Parameter parameters: the constants to train.
  /// - Throws: `GraphError` naming the first layer between a parameter and an output that has no gradient.
  public init(
    _ graph: Graph, parameters: [ValueID], usesBatchStatistics: Bool = true, workers: Workers? = nil
  ) throws(GraphError) {
    self.graph = graph
    self.workers = Workers(count: workers?.count)
    self.parameters = Set(parameters)
    self.usesBatchStatistics = usesBatchStatistics
    var isNeeded = [Bool](repeating: false, count: graph.values.count)
    for id in parameters { isNeeded[id.index] = true }
    for node in graph.nodes where node.inputs.contains(where: { isNeeded[$0.index] }) {
      guard let operation = node.operation as? any DifferentiableOperator else {
        throw GraphError("\(node.name): \(node.operation.kind) cannot be trained: its gradient is not known")
      }
      if let obstacle = operation.obstacleToGradients { throw GraphError("\(node.name): \(obstacle)") }
      guard node.outputs.count == 1 else {
        throw GraphError("\(node.name): a layer with several outputs cannot be trained")
      }
      isNeeded[node.outputs[0].index] = true
    }
    self.isNeeded = isNeeded
  }

  /// One pass: `loss` gets the outputs and gives the loss's gradient by each.
  /// - Throws: `GraphError` when an input has another shape than the graph's.
  public func run(_ inputs: [Tensor], loss: ([Tensor]) -> [Tensor]) throws(GraphError) -> Pass {
    var (values, statistics) = try forward(inputs)
    let outputs = graph.outputs.compactMap { values[$0.index] ?? graph[$0].constant }
    var gradients = [Tensor?](repeating: nil, count: graph.values.count)
    for (id, gradient) in zip(graph.outputs, loss(outputs)) { add(gradient, to: &gradients[id.index]) }
    for (index, node) in graph.nodes.enumerated().reversed() {
      let id = node.outputs[0]
      defer { if let old = values[id.index].take() { give(old, id) } }
      guard isNeeded[id.index], let gradient = gradients[id.index].take() else { continue }
      guard let output = values[id.index] else { continue }
      let clamped = node.clamp.map { passing(gradient, where: output, isInside: $0) } ?? gradient
      let results = back(index, values, output, clamped, statistics[index])
      for (input, result) in zip(node.inputs, results) {
        if let result { add(result, to: &gradients[input.index]) }
      }
      workers.buffers.give(gradient.values)
    }
    var byParameter: [ValueID: Tensor] = [:]
    for id in parameters { byParameter[id] = gradients[id.index] ?? Tensor(shape: graph[id].shape) }
    return Pass(outputs: outputs, gradients: byParameter, statistics: statistics)
  }

  private func forward(_ inputs: [Tensor]) throws(GraphError) -> ([Tensor?], [Int: BatchStatistics]) {
    guard inputs.count == graph.inputs.count, zip(graph.inputs, inputs).allSatisfy({ graph[$0].shape == $1.shape })
    else {
      throw GraphError("\(graph.name) was given inputs of other shapes than its own")
    }
    var values = [Tensor?](repeating: nil, count: graph.values.count)
    var statistics: [Int: BatchStatistics] = [:]
    for (id, tensor) in zip(graph.inputs, inputs) { values[id.index] = tensor }
    for (index, node) in graph.nodes.enumerated() {
      let inputs = operands(node, values)
      // Without ε it is a multiplication and an addition, part of the network's structure.
      if usesBatchStatistics, let operation = node.operation as? BatchNormalization, operation.epsilon > 0 {
        let result = operation.evaluateInTraining(inputs[0], scale: inputs[1], shift: inputs[2], on: workers)
        values[node.outputs[0].index] = result.output
        statistics[index] = result.statistics
      } else {
        for (id, tensor) in zip(node.outputs, node.operation.evaluate(inputs, on: workers)) {
          values[id.index] = tensor
        }
      }
      if let clamp = node.clamp { values[node.outputs[0].index]?.clamp(clamp, on: workers) }
    }
    return (values, statistics)
  }

  private func operands(_ node: Node, _ values: [Tensor?]) -> [Tensor] {
    node.inputs.compactMap { values[$0.index] ?? graph[$0].constant }
  }

  private func back(
    _ index: Int, _ values: [Tensor?], _ output: Tensor, _ gradient: Tensor, _ statistics: BatchStatistics?
  ) -> [Tensor?] {
    let node = graph.nodes[index]
    let inputs = operands(node, values)
    if let statistics, let operation = node.operation as? BatchNormalization {
      let all = operation.gradientsInTraining(inputs[0], scale: inputs[1], statistics, gradient, on: workers)
      return zip([all.x, all.scale, all.shift, nil, nil], node.inputs).map { isNeeded[$1.index] ? $0 : nil }
    }
    guard let operation = node.operation as? any DifferentiableOperator else { return [] }
    return operation.gradients(
      inputs, output: output, gradient: gradient, wanted: node.inputs.map { isNeeded[$0.index] }, on: workers)
  }

  private func add(_ gradient: Tensor, to sum: inout Tensor?) {
    guard sum != nil else {
      sum = gradient
      return
    }
    gradient.withPointer { from in
      sum?.values.withUnsafeMutableBufferPointer { into in
        for index in into.indices { into[index] += from[index] }
      }
    }
  }

  private func passing(_ gradient: Tensor, where output: Tensor, isInside clamp: ClosedRange<Float>) -> Tensor {
    var result = gradient
    for index in result.values.indices
    where output.values[index] <= clamp.lowerBound || output.values[index] >= clamp.upperBound {
      result.values[index] = 0
    }
    return result
  }

  /// Memory of a computed value, for the next pass.
  private func give(_ tensor: Tensor, _ id: ValueID) {
    if !graph.inputs.contains(id), !graph.outputs.contains(id) { workers.buffers.give(tensor.values) }
  }
}
