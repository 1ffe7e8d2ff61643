/// Evaluates a network in training and goes back through it: the gradients of a loss by the network's parameters.
///
/// Every value computed on the way is kept until its gradient is known. Results have the same bits with any number of
/// threads.
public struct Differentiator: Sendable {
  /// The network; its constants are the parameters' values.
  public var graph: Graph
  /// Decides what layers draw that do so in training, such as dropout: another number for each step.
  public var randomSeed: UInt64 = 0
  /// The threads it uses.
  public let workers: Workers
  /// For each value, whether the loss's gradient by it is needed: parameters, and what depends on them.
  private let isNeeded: [Bool]
  private let parameters: Set<ValueID>
  /// Whether batch normalizations use the batch's own statistics, and random operators draw, as in training.
  private let usesBatchStatistics: Bool
  /// For each node, the clamping activation after it that is done with it: the activation's own node then does nothing.
  private let clampingNodes: [Int: Int]
  private let clampedNodes: Set<Int>

  /// The result of one pass forward and back.
  public struct Pass: Sendable {
    /// The network's outputs.
    public var outputs: [Tensor]
    /// By each parameter, of its shape.
    public var gradients: [ValueID: Tensor]
    /// Of each batch normalization in training, by the node's index.
    public var statistics: [Int: BatchStatistics]
  }

  /// - Parameters:
  ///   - graph: the network, of any batch.
  ///   - parameters: the constants to train.
  ///   - usesBatchStatistics: whether batch normalizations use the batch's mean and variance instead of the constants.
  ///   - workers: the threads that share the work; nil: one a core.
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
    clampingNodes = graph.clampingNodes
    clampedNodes = Set(clampingNodes.values)
  }

  /// One pass: `loss` gets the outputs and gives the loss's gradient by each.
  /// - Throws: `GraphError` when an input has another shape than the graph's.
  public func run(_ inputs: [Tensor], loss: ([Tensor]) -> [Tensor]) throws(GraphError) -> Pass {
    var (values, statistics, drawn) = try forward(inputs)
    let outputs = graph.outputs.compactMap { values[$0.index] ?? graph[$0].constant }
    var gradients = [GradientSum](repeating: GradientSum(), count: graph.values.count)
    for (id, gradient) in zip(graph.outputs, loss(outputs)) {
      gradients[id.index].add(gradient, isOwned: false, on: workers)
    }
    for index in graph.nodes.indices.reversed() where !clampedNodes.contains(index) {
      let id = output(of: index)
      defer { if let old = values[id.index].take() { give(old, id) } }
      guard isNeeded[id.index], let (gradient, isOwned) = gradients[id.index].take() else { continue }
      guard let output = values[id.index] else { continue }
      let results = back(index, values, output, gradient, statistics[index], drawn[index])
      for (position, input) in graph.nodes[index].inputs.enumerated() {
        guard let result = results[position] else { continue }
        // What the operator passed on as it is belongs to the last of the values that share it.
        let isPassedOn = result.sharesMemory(with: gradient)
        let isLast = !results[(position + 1)...].contains { $0?.sharesMemory(with: gradient) == true }
        gradients[input.index].add(result, isOwned: isPassedOn ? isOwned && isLast : true, on: workers)
      }
      if isOwned, !results.contains(where: { $0?.sharesMemory(with: gradient) == true }) {
        workers.buffers.give(gradient.values)
      }
    }
    var byParameter: [ValueID: Tensor] = [:]
    for id in parameters { byParameter[id] = gradients[id.index].take()?.tensor ?? Tensor(shape: graph[id].shape) }
    return Pass(outputs: outputs, gradients: byParameter, statistics: statistics)
  }

  private func forward(
    _ inputs: [Tensor]
  ) throws(GraphError) -> (values: [Tensor?], statistics: [Int: BatchStatistics], drawn: [Int: Tensor]) {
    guard inputs.count == graph.inputs.count, zip(graph.inputs, inputs).allSatisfy({ graph[$0].shape == $1.shape })
    else {
      throw GraphError("\(graph.name) was given inputs of other shapes than its own")
    }
    var values = [Tensor?](repeating: nil, count: graph.values.count)
    var (statistics, drawn): ([Int: BatchStatistics], [Int: Tensor]) = ([:], [:])
    for (id, tensor) in zip(graph.inputs, inputs) { values[id.index] = tensor }
    for (index, node) in graph.nodes.enumerated() where !clampedNodes.contains(index) {
      let inputs = operands(node, values)
      let clamp = clamp(of: index)
      // Without ε it is a multiplication and an addition, part of the network's structure.
      if usesBatchStatistics, let operation = node.operation as? BatchNormalization, operation.epsilon > 0 {
        let result = operation.evaluateInTraining(
          inputs[0], scale: inputs[1], shift: inputs[2], clamp: clamp, on: workers)
        values[output(of: index).index] = result.output
        statistics[index] = result.statistics
      } else if usesBatchStatistics, let operation = node.operation as? any RandomOperator {
        var random = SplitMix64(seed: randomSeed &+ UInt64(index) &* 0xD1B5_4A32_D192_ED03)
        (values[node.outputs[0].index], drawn[index]) = operation.evaluateInTraining(
          inputs[0], random: &random, on: workers)
      } else if let clamp, let operation = node.operation as? any PreparedOperator {
        values[output(of: index).index] =
          operation.evaluate(inputs, prepared: nil, clamp: clamp, on: workers).first
      } else {
        for (id, tensor) in zip(node.outputs, node.operation.evaluate(inputs, on: workers)) {
          values[id.index] = tensor
        }
        if let clamp { values[node.outputs[0].index]?.clamp(clamp, on: workers) }
      }
    }
    return (values, statistics, drawn)
  }

  private func operands(_ node: Node, _ values: [Tensor?]) -> [Tensor] {
    node.inputs.compactMap { values[$0.index] ?? graph[$0].constant }
  }

  /// The value that a node computes, after a clamp that it takes over.
  private func output(of index: Int) -> ValueID { graph.nodes[clampingNodes[index] ?? index].outputs[0] }

  private func clamp(of index: Int) -> ClosedRange<Float>? {
    if let clamping = clampingNodes[index] { return (graph.nodes[clamping].operation as? Activation)?.function.clamp }
    return graph.nodes[index].clamp
  }

  private func back(
    _ index: Int, _ values: [Tensor?], _ output: Tensor, _ gradient: Tensor, _ statistics: BatchStatistics?,
    _ drawn: Tensor?
  ) -> [Tensor?] {
    let node = graph.nodes[index]
    let inputs = operands(node, values)
    let clamp = clamp(of: index)
    if let statistics, let operation = node.operation as? BatchNormalization {
      let all = operation.gradientsInTraining(
        inputs[0], scale: inputs[1], shift: inputs[2], statistics, clamp: clamp, gradient, on: workers)
      return zip([all.x, all.scale, all.shift, nil, nil], node.inputs).map { isNeeded[$1.index] ? $0 : nil }
    }
    if let drawn, let operation = node.operation as? any RandomOperator {
      return [operation.gradientInTraining(inputs[0], drawn: drawn, gradient, on: workers)]
    }
    guard let operation = node.operation as? any DifferentiableOperator else { return node.inputs.map { _ in nil } }
    let inside = clamp.map { passing(gradient, where: output, isInside: $0, on: workers) } ?? gradient
    return operation.gradients(
      inputs, output: output, gradient: inside, wanted: node.inputs.map { isNeeded[$0.index] }, on: workers)
  }

  /// Memory of a computed value, for the next pass.
  private func give(_ tensor: Tensor, _ id: ValueID) {
    if !graph.inputs.contains(id), !graph.outputs.contains(id) { workers.buffers.give(tensor.values) }
  }
}
