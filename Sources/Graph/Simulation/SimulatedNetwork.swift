extension Graph {
  /// The network that computes, as real numbers, the int8 values of this one packed: for quantization-aware training.
  /// Its constants are this one's floats under the same tags. No two layers share one.
  ///
  /// Layers through which bytes pass unchanged stay what they are.
  /// - Throws: `GraphError` when an activation has no int8 quantization, naming a layer that cannot be trained so.
  public func simulatingQuantization() throws(GraphError) -> Graph {
    guard isQuantized else {
      throw GraphError("\(name): not every activation has a quantization to simulate; calibrate the network first")
    }
    var network = self
    for index in nodes.indices {
      let node = nodes[index]
      let readsInput = node.inputs.contains { inputs.contains($0) }
      guard node.operation.outputQuantization != .sameAsInput || readsInput else { continue }
      let simulated = try SimulatedOperator(node, in: self)
      if SimulatedLayer.isOne(node.operation) {
        let operands = node.inputs.compactMap { self[$0].constant ?? Tensor(shape: []) }
        guard SimulatedLayer(simulated, operands) != nil else {
          throw GraphError("\(node.name): its weights are too many for one sum, or no constants")
        }
      }
      network.nodes[index].operation = simulated
      network.nodes[index].clamp = nil
    }
    return network
  }

  /// This quantized network with the weights of its simulation, rounded as that rounds them, ready to be packed.
  /// - Throws: `GraphError` when the simulation is of another network.
  public func quantized(withWeightsOf simulation: Graph) throws(GraphError) -> Graph {
    guard simulation.nodes.count == nodes.count, simulation.values.count == values.count else {
      throw GraphError("\(name): these weights are of another network's simulation")
    }
    var network = self
    for index in nodes.indices {
      guard let simulated = simulation.nodes[index].operation as? SimulatedOperator else { continue }
      for id in nodes[index].inputs where self[id].constant != nil {
        network[id].constant = simulation[id].constant
      }
      let operands = nodes[index].inputs.map { simulation[$0].constant ?? Tensor(shape: simulation[$0].shape) }
      guard let layer = SimulatedLayer(simulated, operands) else { continue }
      network[nodes[index].inputs[1]].quantizedWeights = layer.quantizedWeights
    }
    return network
  }

  /// Gives every layer constants of its own.
  public mutating func separateConstants() {
    var seen: Set<ValueID> = []
    for index in nodes.indices {
      for position in nodes[index].inputs.indices {
        let id = nodes[index].inputs[position]
        guard let constant = self[id].constant, !seen.insert(id).inserted else { continue }
        let copy = addConstant(self[id].name, constant)
        nodes[index].inputs[position] = copy
        seen.insert(copy)
      }
    }
  }
}

extension SimulatedLayer {
  /// Whether an operator multiplies by constant weights.
  static func isOne(_ operation: any Operator) -> Bool {
    operation is Conv2D || operation is DepthwiseConv2D || operation is FullyConnected
  }
}
