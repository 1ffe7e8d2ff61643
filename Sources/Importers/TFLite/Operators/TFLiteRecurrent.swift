import Graph

extension TFLiteTranslator {
  /// Kinds of operators that keep tensors from one run to the next.
  static let statefulKinds: Set<String> = ["SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"]

  /// SVDF: float, or int8 with a state and time weights of int8 or int16.
  static func svdf(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let (features, times) = (try node.constant(1), try node.constant(2))
    let rank = try node.option(0)
    guard features.shape.count == 2, times.shape.count == 2, rank > 0, features.shape[0] % rank == 0,
      !features.shape.contains(0), !times.shape.contains(0), features.shape[0] == times.shape[0]
    else { throw .damaged("its weights have the shapes \(features.shape) and \(times.shape) and its rank is \(rank)") }
    let units = features.shape[0] / rank
    let bias = node.has(3) ? try node.constant(3) : nil
    guard bias == nil || bias?.shape.reduce(1, *) == units else { throw .damaged("its bias does not fit its weights") }
    try translator.reserve(features.shape.reduce(1, *) + times.shape.reduce(1, *) + units)
    var operation = SVDF(rank: rank)
    if translator.graph[x].quantization != nil {
      let biases = bias?.integers?.map { Int32(clamping: $0) } ?? [Int32](repeating: 0, count: units)
      let (featureScale, timeScale) = (try features.symmetricScale(), try times.symmetricScale())
      guard case .bytes(let weights) = features.elements, let timeWeights = times.integers,
        let state = try node.state(4, count: times.shape.reduce(1, *))
      else { throw Unsupported("its weights are not int8", "Convert it with int8 weights") }
      operation.integers = SVDF.Integers(
        featureWeights: weights, featureScale: featureScale, timeWeights: timeWeights.map { Int16(clamping: $0) },
        timeScale: timeScale, biases: biases, state: state)
    }
    let constants = [
      translator.graph.addConstant("\(node.name)/features", features.tensor),
      translator.graph.addConstant("\(node.name)/times", times.tensor),
      translator.graph.addConstant(
        "\(node.name)/bias",
        Tensor(shape: [units], values: bias?.reals ?? [Float](repeating: 0, count: units))),
    ]
    return try translator.finish(operation, [x] + constants, node, activation: try node.option(1, as: Int8.self))
  }

  /// UNIDIRECTIONAL_SEQUENCE_LSTM without projection, peepholes, normalization or coupled gates; batch first, or a single
  /// time step.
  static func lstm(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let shape = translator.shape(x)
    let isTimeMajor = try node.option(3, as: UInt8.self) != 0
    guard shape.count == 3, shape[isTimeMajor ? 1 : 0] == 1, !isTimeMajor || shape[0] == 1 else {
      throw Unsupported("its input has the shape \(shape)", "Convert it with batch 1, the batch in front")
    }
    for (index, what) in [
      (9, "peepholes"), (10, "peepholes"), (11, "peepholes"), (16, "a projection"),
      (20, "layer normalization"), (21, "layer normalization"), (22, "layer normalization"),
      (23, "layer normalization"),
    ] where node.has(index) {
      throw Unsupported("it has \(what)", "Only a plain LSTM can be imported: convert it without")
    }
    guard node.has(1), node.has(5) else {
      throw Unsupported("its input gate is coupled to its forget gate", "Only an LSTM with four gates can be imported")
    }
    guard try node.option(0, as: Int8.self, default: 4) == 4, try node.option(5, as: UInt8.self) == 0 else {
      throw Unsupported("its activation is not tanh, or its weights are diagonal", "Only a plain LSTM can be imported")
    }
    var gates = LSTMGates()
    for gate in 0..<4 {
      try gates.append(
        try node.constant(1 + gate), try node.constant(5 + gate), try node.constant(12 + gate), depth: shape[2])
    }
    try translator.reserve(gates.elementCount)
    var operation = LSTM(cellClip: max(0, try node.floatOption(1)))
    if translator.graph[x].quantization != nil { operation.integers = try gates.integers(node) }
    let units = gates.units
    let constants = [
      translator.graph.addConstant(
        "\(node.name)/input weights", Tensor(shape: [4 * units, shape[2]], values: gates.input.flatMap(\.reals))),
      translator.graph.addConstant(
        "\(node.name)/hidden weights", Tensor(shape: [4 * units, units], values: gates.hidden.flatMap(\.reals))),
      translator.graph.addConstant(
        "\(node.name)/bias", Tensor(shape: [4 * units], values: gates.bias.flatMap(\.reals))),
    ]
    return try translator.finish(operation, [x] + constants, node)
  }
}

/// The constants of an LSTM's gates in the order input, forget, cell, output.
private struct LSTMGates {
  var input: [TFLiteConstant] = []
  var hidden: [TFLiteConstant] = []
  var bias: [TFLiteConstant] = []

  var units: Int { bias.first?.shape.reduce(1, *) ?? 0 }
  var elementCount: Int { 4 * units * ((input.first?.shape.last ?? 0) + units + 1) }

  mutating func append(
    _ input: TFLiteConstant, _ hidden: TFLiteConstant, _ bias: TFLiteConstant, depth: Int
  ) throws(Unsupported) {
    let units = bias.shape.reduce(1, *)
    guard bias.shape.count == 1, units > 0, input.shape == [units, depth], hidden.shape == [units, units],
      self.bias.isEmpty || units == self.units
    else { throw .damaged("a gate's weights of shapes \(input.shape) and \(hidden.shape) do not fit") }
    self.input.append(input)
    self.hidden.append(hidden)
    self.bias.append(bias)
  }

  func integers(_ node: TFLiteNode) throws(Unsupported) -> LSTM.Integers {
    func bytes(_ constants: [TFLiteConstant]) throws(Unsupported) -> (values: [[Int8]], scales: [Float]) {
      var result: (values: [[Int8]], scales: [Float]) = ([], [])
      for constant in constants {
        guard case .bytes(let list) = constant.elements else {
          throw Unsupported("its weights are not int8", "Convert it with int8 weights")
        }
        result.values.append(list)
        result.scales.append(try constant.symmetricScale())
      }
      return result
    }
    let (input, hidden) = (try bytes(input), try bytes(hidden))
    var biases: [[Int32]] = []
    for constant in bias {
      guard let list = constant.integers else { throw Unsupported("its biases are not int32", "Convert it again") }
      biases.append(list.map { Int32(clamping: $0) })
    }
    guard let state = try node.state(18, count: units), state.element == .int8,
      let cell = try node.state(19, count: units), cell.element == .int16, cell.zeroPoint == 0,
      cell.scale.significand == 1, cell.scale >= 0x1p-15, cell.scale <= 1
    else {
      throw Unsupported(
        "its states are not int8 and int16 with a power of two as the cell's scale", "Convert it to int8 again")
    }
    return LSTM.Integers(
      inputWeights: input.values, inputScales: input.scales, hiddenWeights: hidden.values, hiddenScales: hidden.scales,
      biases: biases, hidden: state, cellScale: cell.scale)
  }
}

extension TFLiteConstant {
  /// The one scale of a constant with zero point 0.
  fileprivate func symmetricScale() throws(Unsupported) -> Float {
    guard let rule = quantization, rule.scales.count == 1, rule.zeroPoints == [0], rule.scales[0] > 0 else {
      throw Unsupported("its weights have several scales or a zero point", "Convert with one scale and no zero point")
    }
    return rule.scales[0]
  }
}

extension TFLiteNode {
  /// The quantization of a state of so many values.
  fileprivate func state(_ index: Int, count: Int) throws(Unsupported) -> Quantization? {
    guard inputs.indices.contains(index), let tensor = inputs[index], tensor.isVariable else {
      throw .damaged("its input \(index) is no variable")
    }
    guard checkedProduct(tensor.shape) == count else { throw .damaged("its state has the shape \(tensor.shape)") }
    return try tensor.activationQuantization()
  }
}
