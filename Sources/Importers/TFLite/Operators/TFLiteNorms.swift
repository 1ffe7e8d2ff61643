import Graph

extension TFLiteTranslator {
  /// L2_NORMALIZATION over the last axis.
  static func l2Normalization(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    try translator.finish(
      LpNormalization(order: 2), [try translator.activation(node, 0)], node,
      activation: try node.option(0, as: Int8.self))
  }

  /// L2_POOL_2D: the root of the mean of squares. Padding does not count.
  static func l2Pool(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let (image, kernel, window) = try translator.pooling(node)
    let operation = LpPool(window: kernel, stride: window.stride, padding: window.padding, averages: true)
    return try translator.finish(operation, [image], node, activation: try node.option(5, as: Int8.self))
  }

  /// LOCAL_RESPONSE_NORMALIZATION over the last axis.
  static func localResponseNormalization(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let radius = try node.option(0)
    guard (0...1 << 20).contains(radius) else { throw .damaged("its radius is \(radius)") }
    let operation = LocalResponseNormalization(
      before: radius, after: radius, alpha: try node.floatOption(2), beta: try node.floatOption(3),
      bias: try node.floatOption(1))
    return try translator.finish(operation, [try translator.activation(node, 0)], node)
  }
}
