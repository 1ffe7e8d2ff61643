import Graph

extension TFLiteTranslator {
  /// RESHAPE; the shape is an input or an option, one size may be −1.
  static func reshape(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    var shape = node.has(1) ? try node.integers(1) : try node.listOption(0) ?? []
    let count = translator.shape(x).reduce(1, *)
    if let unknown = shape.firstIndex(of: -1) {
      shape[unknown] = 1
      guard let known = checkedProduct(shape), known > 0, count % known == 0 else {
        throw .damaged("an input of shape \(translator.shape(x)) cannot become \(shape)")
      }
      shape[unknown] = count / known
    }
    return try translator.finish(Reshape(shape: shape), [x], node)
  }

  /// SQUEEZE of named axes, or of all of size 1.
  static func squeeze(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let shape = translator.shape(x)
    var axes = Set<Int>()
    for axis in try node.listOption(0) ?? [] { axes.insert(try node.axis(axis, rank: shape.count)) }
    if axes.isEmpty { axes = Set(shape.indices.filter { shape[$0] == 1 }) }
    let kept = shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
    return try translator.finish(Reshape(shape: kept), [x], node)
  }

  /// EXPAND_DIMS.
  static func expandDimensions(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    var shape = translator.shape(x)
    guard let named = try node.integers(1).first else { throw .damaged("it names no axis") }
    shape.insert(1, at: try node.axis(named, rank: shape.count + 1))
    return try translator.finish(Reshape(shape: shape), [x], node)
  }

  /// TRANSPOSE.
  static func transpose(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    try translator.finish(
      Transpose(permutation: try node.integers(1)), [try translator.activation(node, 0)], node)
  }

  /// SHAPE, which is known.
  static func shapeOf(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    [.constant(.integers(translator.shape(try translator.activation(node, 0))))]
  }

  /// CONCATENATION of activations.
  static func concatenation(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    var inputs: [ValueID] = []
    for index in node.operands.indices { inputs.append(try translator.activation(node, index)) }
    guard let first = inputs.first else { throw .damaged("it has no inputs") }
    let axis = try node.axis(try node.option(0), rank: translator.shape(first).count)
    return try translator.finish(Concat(axis: axis), inputs, node, activation: try node.option(1, as: Int8.self))
  }
}
