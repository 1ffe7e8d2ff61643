import Graph

extension TFLiteTranslator {
  /// AVERAGE_POOL_2D. Padding does not count.
  static func averagePool(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let (image, kernel, window) = try translator.pooling(node)
    let operation = AveragePool2D(window: kernel, stride: window.stride, padding: window.padding)
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

  /// MEAN over rows and columns, or over any adjacent axes, as an average pooling.
  static func mean(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let shape = translator.shape(x)
    var axes = Set<Int>()
    for axis in try node.integers(1) { axes.insert(try node.axis(axis, rank: shape.count)) }
    guard let first = axes.min(), let last = axes.max(), axes.count == last - first + 1 else {
      throw Unsupported("its axes \(axes.sorted()) are not adjacent", "Only a mean over adjacent axes can be imported")
    }
    let keepsAxes = try node.option(0, as: UInt8.self) != 0
    var result = shape
    for axis in axes { result[axis] = 1 }
    if !keepsAxes { result = shape.indices.filter { !axes.contains($0) }.map { shape[$0] } }

    let outer = shape[..<first].reduce(1, *)
    let inner = shape[(last + 1)...].reduce(1, *)
    let isSpatial = shape.count == 4 && first == 1 && last == 2
    let image = isSpatial ? shape : [1, outer, shape[first...last].reduce(1, *), inner]
    let window = isSpatial ? Size2D(shape[1], shape[2]) : Size2D(1, image[2])
    let rule = try node.outputs[0].activationQuantization()
    let view = try translator.reshaped(x, image, node.name + "/image")
    let isLast = result == (isSpatial ? [shape[0], 1, 1, shape[3]] : [1, outer, 1, inner])
    let pooled = try translator.emit(
      AveragePool2D(window: window), [view], node.name, output: isLast ? node.name : node.name + "/image",
      quantization: rule)
    return [.activation(try translator.reshaped(pooled, result, node.name))]
  }
}
