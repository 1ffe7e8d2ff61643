import Graph

extension TFLiteTranslator {
  /// ARG_MAX: the place of the largest element along an axis.
  static func argMax(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    try translator.argument(node, smallest: false)
  }

  /// ARG_MIN: the place of the smallest element along an axis.
  static func argMin(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    try translator.argument(node, smallest: true)
  }

  private mutating func argument(_ node: TFLiteNode, smallest: Bool) throws(Unsupported) -> [TFLiteOperand] {
    var x = try activation(node, 0)
    let given = shape(x)
    guard let named = try node.integers(1).first else { throw .damaged("it names no axis") }
    let axis = try node.axis(named, rank: given.count)
    let others = given.indices.filter { $0 != axis }
    if axis != given.count - 1 {
      x = try emit(
        Transpose(permutation: others + [axis]), [x], node.name + "/transpose", quantization: graph[x].quantization)
    }
    let operation = TopK(count: 1, result: .indices, smallest: smallest)
    let best = try emit(operation, [x], node.name, output: node.name + "/indices", quantization: indexRule(x))
    return [.activation(try reshaped(best, others.map { given[$0] }, node.name))]
  }

  /// TOPK_V2: the largest elements of the last axis in order, and their places.
  static func topK(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    guard let count = try node.integers(1).first else { throw .damaged("it does not say how many") }
    var results: [TFLiteOperand] = []
    for (output, result) in zip(node.outputs, [TopK.Result.values, .indices]) {
      let rule = result == .values ? try output.activationQuantization() : translator.indexRule(x)
      results.append(
        .activation(
          try translator.emit(TopK(count: count, result: result), [x], output.name, quantization: rule)))
    }
    return results
  }

  /// The quantization of places: int32 in a quantized network.
  private func indexRule(_ x: ValueID) -> Quantization? {
    graph[x].quantization.map { _ in Quantization(scale: 1, zeroPoint: 0, element: .int32) }
  }
}
