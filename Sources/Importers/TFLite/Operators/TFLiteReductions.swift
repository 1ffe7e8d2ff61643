import Graph

extension TFLiteTranslator {
  /// MEAN over any axes, as average poolings.
  static func mean(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let rule = try node.outputs[0].activationQuantization()
    return [.activation(try translator.mean(x, node, node.name, quantization: rule))]
  }

  /// SUM over any axes: the mean times the number of elements.
  static func sum(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    var count = 1
    for axis in try translator.reducedAxes(node) { count *= translator.shape(x)[axis] }
    var rule = try node.outputs[0].activationQuantization()
    rule?.scale /= Float(count)
    guard rule == nil || rule?.scale.isNormal == true else {
      throw .damaged("its scale divided by \(count) is no number")
    }
    let mean = try translator.mean(x, node, "\(node.name)/mean", quantization: rule)
    guard count > 1 else { return [.activation(mean)] }
    let sum = try translator.scaled(mean, by: Float(count), node.name)
    translator.graph[sum].quantization = try node.outputs[0].activationQuantization()
    return [.activation(sum)]
  }

  private func reducedAxes(_ node: TFLiteNode) throws(Unsupported) -> [Int] {
    let rank = shape(try activation(node, 0)).count
    var axes = Set<Int>()
    for axis in try node.integers(1) { axes.insert(try node.axis(axis, rank: rank)) }
    return axes.sorted()
  }

  private mutating func mean(
    _ x: ValueID, _ node: TFLiteNode, _ name: String, quantization: Quantization?
  ) throws(Unsupported) -> ValueID {
    let axes = try reducedAxes(node)
    let keepsAxes = try node.option(0, as: UInt8.self) != 0
    var result = shape(x)
    for axis in axes { result[axis] = 1 }
    if !keepsAxes { result = result.indices.filter { !axes.contains($0) }.map { result[$0] } }
    guard let first = axes.first, let last = axes.last else {
      guard quantization != nil, graph[x].quantization != quantization else { return x }
      return try emit(
        Activation(.clip(low: -.infinity, high: .infinity)), [x], name, quantization: quantization)
    }
    var (value, range) = (x, first...last)
    if axes.count != range.count {
      // The axes are brought together at the end.
      let order = shape(x).indices.filter { !axes.contains($0) } + axes
      value = try emit(
        Transpose(permutation: order), [x], "\(name)/turned", quantization: graph[x].quantization)
      range = order.count - axes.count...order.count - 1
    }
    value = try pooled(value, range, "\(name)/image", quantization: quantization)
    return try reshaped(value, result, name)
  }

  /// The mean over adjacent axes, which stay with size 1.
  private mutating func pooled(
    _ x: ValueID, _ axes: ClosedRange<Int>, _ name: String, quantization: Quantization?
  ) throws(Unsupported) -> ValueID {
    let shape = shape(x)
    let (first, last) = (axes.lowerBound, axes.upperBound)
    let isSpatial = shape.count == 4 && first == 1 && last == 2
    let outer = shape[..<first].reduce(1, *)
    let inner = shape[(last + 1)...].reduce(1, *)
    let image = isSpatial ? shape : [1, outer, shape[first...last].reduce(1, *), inner]
    let window = isSpatial ? Size2D(shape[1], shape[2]) : Size2D(1, image[2])
    let view = try reshaped(x, image, "\(name)/view")
    let mean = try emit(AveragePool2D(window: window), [view], name, quantization: quantization)
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    return try reshaped(mean, kept, "\(name)/mean")
  }
}
