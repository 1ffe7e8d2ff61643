import Graph

extension Translator {
  /// Ends the import of a quantized network: what only gave a value its quantization becomes the quantization of that
  /// value, values between take it over, and each layer gets its integers.
  ///
  /// A network in which some values have no quantization all the same, and whose ranges cannot be told, becomes a float
  /// network, and a note says so.
  mutating func settleQuantizations() {
    for (id, code) in integerInputs where graph[id].quantization == nil {
      // Nothing says what they stand for: for themselves.
      graph[id].quantization = Quantization(scale: 1, zeroPoint: Int32(-code.offset))
    }
    guard graph.values.contains(where: { $0.quantization != nil }) else { return }
    var settling = Settling(graph, quantizers)
    settling.run()
    graph = settling.graph
    notes += settling.notes
    notes += graph.deriveQuantizations()
    guard graph.isQuantized else { return becomeFloat() }
    keepIntegers()
  }

  /// Takes the quantization from all but the inputs.
  private mutating func becomeFloat() {
    let open = graph.nodes.filter { node in node.outputs.contains { graph[$0].quantization == nil } }
    notes.append(
      "\(graph.name): the file gives no scale for \(open.count) of its \(graph.nodes.count) layers' results (the first is "
        + "\(open.first?.name ?? "an input")), so that it is imported as a float network, to be calibrated, and its "
        + "weights are rounded anew")
    for node in graph.nodes { for id in node.outputs { graph[id].quantization = nil } }
  }

  /// Gives each layer the integers of its weights and biases.
  private mutating func keepIntegers() {
    for node in graph.nodes where node.inputs.count > 1 {
      let order: WeightOrder
      switch node.operation {
      case is Conv2D, is FullyConnected: order = .channelFirst
      case is DepthwiseConv2D: order = .channelLast
      case is BatchNormalization:
        notes.append("\(node.name): its constant operand is rounded to int8 steps")
        continue
      default: continue
      }
      guard let input = graph[node.inputs[0]].quantization, let weights = graph[node.inputs[1]].constant,
        let bias = graph[node.inputs[2]].constant
      else { continue }
      guard let kept = layerScales[node.inputs[1]], kept.weights.count == bias.count else {
        notes.append("\(node.name): its weights are not integers in the file and are rounded here")
        continue
      }
      var rounded = 0
      let exact = try? QuantizedWeights(
        weights, order: order, bias: bias, kept, input: input, rounded: &rounded, notes: &notes)
      graph[node.inputs[1]].quantizedWeights = exact
      if rounded > 0 {
        notes.append(
          "\(node.name): the weights of \(rounded) of \(bias.count) output channels are no int8 values of −127…127 about "
            + "zero and are rounded anew")
      }
    }
  }
}

/// The graph while quantizations find their values.
private struct Settling {
  var graph: Graph
  var notes: [String] = []
  private let quantizers: Set<ValueID>
  private var producers: [ValueID: Int] = [:]
  private var readers: [ValueID: Int] = [:]
  private var quantizingReaders: [ValueID: Int] = [:]
  private var replaced: [ValueID: ValueID] = [:]
  private var nodes: [Node] = []

  init(_ graph: Graph, _ quantizers: Set<ValueID>) {
    self.graph = graph
    self.quantizers = quantizers
    for node in graph.nodes {
      for id in node.inputs {
        readers[id, default: 0] += 1
        if quantizers.contains(node.outputs[0]) { quantizingReaders[id, default: 0] += 1 }
      }
    }
    for id in graph.outputs { readers[id, default: 0] += 1 }
  }

  mutating func run() {
    for var node in graph.nodes {
      node.inputs = node.inputs.map { replaced[$0] ?? $0 }
      let output = node.outputs[0]
      if quantizers.contains(output), let rule = graph[output].quantization {
        let source = node.inputs[0]
        if graph[source].quantization == nil { settle(source, rule) }
        if graph[source].quantization == rule {
          replaced[output] = source
          continue
        }
      } else if node.operation.outputQuantization == .sameAsInput {
        let source = node.inputs[0]
        if graph[source].quantization == nil, let rule = graph[output].quantization { settle(source, rule) }
        graph[output].quantization = graph[source].quantization
      }
      producers[output] = nodes.count
      nodes.append(node)
    }
    graph.nodes = nodes
    graph.outputs = graph.outputs.map { replaced[$0] ?? $0 }
  }

  private func operation(of id: ValueID) -> Node? { producers[id].map { nodes[$0] } }

  /// Gives a value without a quantization this one, and what comes before it where only this value depends on that.
  private mutating func settle(_ value: ValueID, _ rule: Quantization) {
    var pending = [value]
    while let id = pending.popLast() {
      guard graph[id].quantization == nil, graph[id].constant == nil else { continue }
      // Through operators that pass bytes on, to what computes them.
      var chain = [id]
      while let node = operation(of: chain[chain.count - 1]), node.operation.outputQuantization == .sameAsInput,
        graph[node.inputs[0]].quantization == nil
      {
        chain.append(node.inputs[0])
      }
      let source = operation(of: chain[chain.count - 1])
      var own = rule
      if let source, source.operation.outputQuantization == .sameAsInput {
        own = graph[source.inputs[0]].quantization ?? rule
      }
      for id in chain {
        graph[id].quantization = own
        if readers[id] ?? 0 > max(1, quantizingReaders[id] ?? 0) {
          notes.append("\(graph[id].name): the file also reads it without rounding it to this scale")
        }
      }
      guard own == rule, let source else { continue }
      let isClamp = (source.operation as? Activation)?.function.clamp != nil
      guard isClamp || source.operation is Concat else { continue }
      pending += source.inputs.filter { readers[$0] == 1 }
    }
  }
}
