import Graph

/// An image between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND. The file takes every block.height-th row and
/// block.width-th column for an image of its own, so that a convolution of them is a dilated one of the whole.
struct TFLiteSpread {
  var value: ValueID
  var block: Size2D
  /// Zeros around the image that the next convolution adds.
  var padding = Padding2D.zero

  /// Operators that compute each place by itself from that place alone, and constants that are the same everywhere.
  private static let elementwise: Set<String> = [
    "ADD", "MUL", "SUB", "RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU", "PRELU", "LOGISTIC", "TANH", "HARD_SWISH",
    "ELU",
    "QUANTIZE", "DEQUANTIZE",
  ]

  /// Activations as images that are taken apart by `block`.
  static func wrap(_ results: [TFLiteOperand], _ block: Size2D) -> [TFLiteOperand] {
    results.map { result in
      guard case .activation(let id) = result else { return result }
      return .spread(TFLiteSpread(value: id, block: block))
    }
  }

  /// An operator between the two that computes place by place, of the whole images; nil for all others.
  static func translate(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode, _ handler: TFLiteHandler
  ) throws(Unsupported) -> [TFLiteOperand]? {
    guard elementwise.contains(node.operation.kind) else { return nil }
    var (operands, block): ([TFLiteOperand?], Size2D?) = (node.operands, nil)
    for (index, operand) in operands.enumerated() {
      guard case .spread(let spread)? = operand else { continue }
      guard spread.padding == .zero, block == nil || block == spread.block else { return nil }
      block = spread.block
      operands[index] = .activation(spread.value)
    }
    guard let block else { return nil }
    for operand in operands {
      if case .constant(let constant)? = operand, !constant.shape.dropLast().allSatisfy({ $0 == 1 }) { return nil }
    }
    let whole = TFLiteNode(
      operation: node.operation, name: node.name, inputs: node.inputs, outputs: node.outputs, operands: operands)
    return wrap(try handler(&translator, whole), block)
  }
}

extension TFLiteTranslator {
  /// SPACE_TO_BATCH_ND of an image: nothing is computed yet.
  static func spaceToBatch(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let (block, padding) = try node.blocks(rank: translator.shape(x).count)
    let shape = translator.shape(x)
    guard shape[0] == 1, (shape[1] + padding.top + padding.bottom) % block.height == 0,
      (shape[2] + padding.left + padding.right) % block.width == 0
    else {
      throw .damaged("its blocks \(block.height)×\(block.width) do not divide an image of shape \(shape)")
    }
    return [.spread(TFLiteSpread(value: x, block: block, padding: padding))]
  }

  /// BATCH_TO_SPACE_ND after a convolution of such an image: what it crops is not computed, or cut off.
  static func batchToSpace(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    guard case .spread(let spread)? = node.operands.first ?? nil, spread.padding == .zero else {
      throw Unsupported(
        "it does not follow a SPACE_TO_BATCH_ND and a convolution", "Convert with dilated convolutions")
    }
    let shape = translator.shape(spread.value)
    let (block, crops) = try node.blocks(rank: shape.count)
    guard block == spread.block, crops.top + crops.bottom < shape[1], crops.left + crops.right < shape[2] else {
      throw .damaged("its blocks or crops do not fit those of SPACE_TO_BATCH_ND")
    }
    if crops == .zero || node.isOnlyReader && translator.uncompute(crops, of: spread.value) {
      if node.isOnlyReader { translator.graph[spread.value].name = node.name }
      return [.activation(spread.value)]
    }
    let slice = Slice(
      begin: [0, crops.top, crops.left, 0],
      size: [
        shape[0], shape[1] - crops.top - crops.bottom, shape[2] - crops.left - crops.right, shape[3],
      ], step: [1, 1, 1, 1])
    return try translator.finish(slice, [spread.value], node)
  }

  /// The image of a convolution, which may be spread.
  func convolvedImage(_ node: TFLiteNode) throws(Unsupported) -> (ValueID, TFLiteSpread?) {
    if case .spread(let spread)? = node.operands.first ?? nil { return (spread.value, spread) }
    return (try activation(node, 0), nil)
  }

  /// Takes rows and columns from the padding of the convolution that was just appended and gives `value`.
  private mutating func uncompute(_ crops: Padding2D, of value: ValueID) -> Bool {
    var position = graph.nodes.count - 1
    if position > 0, graph.nodes[position].operation is Activation, graph.nodes[position].outputs == [value],
      graph.nodes[position].inputs == graph.nodes[position - 1].outputs
    {
      position -= 1
    }
    guard position >= 0, graph.nodes.last?.outputs == [value] else { return false }
    func reduced(_ padding: Padding2D, _ stride: Size2D) -> Padding2D? {
      let rest = Padding2D(
        top: padding.top - crops.top, left: padding.left - crops.left, bottom: padding.bottom - crops.bottom,
        right: padding.right - crops.right)
      let isEnough = rest.top >= 0 && rest.left >= 0 && rest.bottom >= 0 && rest.right >= 0
      return isEnough && stride == .one ? rest : nil
    }
    switch graph.nodes[position].operation {
    case var operation as Conv2D:
      guard let padding = reduced(operation.padding, operation.stride) else { return false }
      operation.padding = padding
      graph.nodes[position].operation = operation
    case var operation as DepthwiseConv2D:
      guard let padding = reduced(operation.padding, operation.stride) else { return false }
      operation.padding = padding
      graph.nodes[position].operation = operation
    default: return false
    }
    for node in graph.nodes[position...] {
      graph[node.outputs[0]].shape[1] -= crops.top + crops.bottom
      graph[node.outputs[0]].shape[2] -= crops.left + crops.right
    }
    return true
  }
}

extension TFLiteNode {
  /// The block and the paddings or crops of inputs 1 and 2, of an image.
  fileprivate func blocks(rank: Int) throws(Unsupported) -> (Size2D, Padding2D) {
    let (block, edges) = (try integers(1), try integers(2))
    guard rank == 4, block.count == 2, edges.count == 4 else {
      throw Unsupported("it is not of images N×H×W×C", "Reshape to four dimensions")
    }
    guard block.allSatisfy({ (1...4096).contains($0) }), edges.allSatisfy({ (0...1 << 16).contains($0) }) else {
      throw .damaged("its blocks \(block) or edges \(edges) are impossible")
    }
    return (
      Size2D(block[0], block[1]), Padding2D(top: edges[0], left: edges[2], bottom: edges[1], right: edges[3])
    )
  }
}

extension TFLiteSpread? {
  /// The result of a convolution of such an image; of a whole image as it is.
  func wrap(_ results: [TFLiteOperand]) -> [TFLiteOperand] {
    guard let self else { return results }
    return TFLiteSpread.wrap(results, self.block)
  }
}
