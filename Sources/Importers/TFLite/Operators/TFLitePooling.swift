import Graph

extension TFLiteTranslator {
  /// AVERAGE_POOL_2D. Padding does not count; means of int8 and uint8 values are rounded as TFLite does.
  static func averagePool(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let (image, kernel, window) = try translator.pooling(node)
    let operation = AveragePool2D(
      window: kernel, stride: window.stride, padding: window.padding,
      rounding: node.outputs[0].type == .uint8 ? .upward : .awayFromZero)
    return try translator.finish(operation, [image], node, activation: try node.option(5, as: Int8.self))
  }

  /// MAX_POOL_2D.
  static func maxPool(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let (image, kernel, window) = try translator.pooling(node)
    let operation = MaxPool2D(window: kernel, stride: window.stride, padding: window.padding)
    return try translator.finish(operation, [image], node, activation: try node.option(5, as: Int8.self))
  }

  /// A pooling's image and window.
  func pooling(_ node: TFLiteNode) throws(Unsupported) -> (ValueID, Size2D, TFLiteWindow) {
    let image = try activation(node, 0)
    let kernel = Size2D(try node.option(4), try node.option(3))
    let window = try TFLiteWindow(
      image: shape(image), kernel: kernel, stride: Size2D(try node.option(2), try node.option(1)),
      padding: try node.option(0, as: Int8.self))
    return (image, kernel, window)
  }
}
