import Graph

extension TFLiteTranslator {
  /// MAXIMUM of two activations, or of one and a constant number.
  static func maximum(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    if let (x, limit) = try translator.limit(node) {
      return [.activation(try translator.applied(.clip(low: limit, high: .infinity), x, node))]
    }
    return try translator.finish(
      Maximum(), [try translator.activation(node, 0), try translator.activation(node, 1)], node)
  }

  /// MINIMUM of two activations, or of one and a constant number.
  static func minimum(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    if let (x, limit) = try translator.limit(node) {
      return [.activation(try translator.applied(.clip(low: -.infinity, high: limit), x, node))]
    }
    return try translator.finish(
      Minimum(), [try translator.activation(node, 0), try translator.activation(node, 1)], node)
  }

  /// The activation and the number that it is compared with, if one operand is a constant.
  private func limit(_ node: TFLiteNode) throws(Unsupported) -> (ValueID, Float)? {
    guard node.operands.count == 2 else { throw .damaged("it does not have two operands") }
    let position: Int
    switch (node.operands[0], node.operands[1]) {
    case (.constant, .activation): position = 0
    case (.activation, .constant): position = 1
    default: return nil
    }
    let constant = try node.constant(position)
    let values = constant.reals
    let x = try activation(node, 1 - position)
    guard let limit = values.first, !limit.isNaN, values.allSatisfy({ $0 == limit }),
      constant.shape.count <= shape(x).count, constant.shape.allSatisfy({ $0 == 1 }) || constant.shape == shape(x)
    else {
      throw Unsupported("it compares with numbers that differ from place to place", "Use one limit")
    }
    return (x, limit)
  }
}
