import Graph

extension Graph {
  /// Gives values of a quantized network that have no quantization one that follows from their inputs: the operator's own,
  /// the input's, or that of all values which int8 inputs can give. Sums of many products keep none.
  /// - Returns: a sentence for each range that was derived.
  mutating func deriveQuantizations() -> [String] {
    var notes: [String] = []
    for node in nodes where self[node.outputs[0]].quantization == nil {
      let output = node.outputs[0]
      switch node.operation.outputQuantization {
      case .fixed(let rule): self[output].quantization = rule
      case .sameAsInput: self[output].quantization = self[node.inputs[0]].quantization
      case .calibrated:
        guard let range = derivedRange(node) else { continue }
        self[output].quantization = Quantization(covering: range)
        notes.append("\(node.name): the file gives its result no scale; it has the one that its inputs' ranges need")
      }
    }
    return notes
  }

  /// The values that an operator can give for int8 inputs; nil when that says too little.
  private func derivedRange(_ node: Node) -> ClosedRange<Float>? {
    let ranges = node.inputs.filter { self[$0].constant == nil }.compactMap { self[$0].quantization?.range }
    guard let first = ranges.first, ranges.count == node.inputs.filter({ self[$0].constant == nil }).count else {
      return nil
    }
    let result: [Float]
    switch node.operation {
    case let operation as Activation:
      guard let rule = self[node.inputs[0]].quantization else { return nil }
      result = (-128...127).map { operation.function(rule.real(Int8($0))) }
    case is AveragePool2D: return first
    case is Concat, is Maximum, is Minimum: result = ranges.flatMap { [$0.lowerBound, $0.upperBound] }
    case is Add where ranges.count == 2:
      result = [first.lowerBound + ranges[1].lowerBound, first.upperBound + ranges[1].upperBound]
    case is Subtract where ranges.count == 2:
      result = [first.lowerBound - ranges[1].upperBound, first.upperBound - ranges[1].lowerBound]
    case is Multiply where ranges.count == 2:
      result = [first.lowerBound, first.upperBound].flatMap { one in
        [one * ranges[1].lowerBound, one * ranges[1].upperBound]
      }
    case let operation as BatchNormalization:
      let constants = node.inputs.dropFirst().compactMap { self[$0].constant }
      guard constants.count == 4 else { return nil }
      let (factors, offsets) = operation.multipliersAndOffsets(
        scale: constants[0], shift: constants[1], mean: constants[2], variance: constants[3])
      result = factors.indices.flatMap { channel in
        [first.lowerBound, first.upperBound].map { factors[channel] * $0 + offsets[channel] }
      }
    default: return nil
    }
    let finite = result.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return nil }
    return low...high
  }
}
