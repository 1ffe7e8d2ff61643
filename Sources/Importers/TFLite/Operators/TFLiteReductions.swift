import Graph

/// What is pooled over the reduced axes.
private enum Pooling {
  case mean, maximum
}

extension TFLiteTranslator {
  /// MEAN over any axes, as average poolings.
  static func mean(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let rule = try node.outputs[0].activationQuantization()
    return [.activation(try translator.reduced(x, node, node.name, by: .mean, quantization: rule))]
  }

  /// REDUCE_MAX over any axes, as maximum poolings.
  static func reduceMax(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let rule = try node.outputs[0].activationQuantization()
    let maximum = try translator.reduced(
      x, node, "\(node.name)/maximum", by: .maximum, quantization: translator.graph[x].quantization)
    return [.activation(try translator.requantized(maximum, rule, node.name))]
  }

  /// REDUCE_MIN over any axes: the negative of the largest negative. In eight bits q becomes −1 − q, exactly.
  static func reduceMin(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let own = translator.graph[x].quantization
    var turned = own
    turned?.zeroPoint = -1 - (own?.zeroPoint ?? 0)
    let negative = try translator.emit(
      Activation(.negative), [x], "\(node.name)/negative", quantization: turned)
    let maximum = try translator.reduced(
      negative, node, "\(node.name)/maximum", by: .maximum, quantization: turned)
    let minimum = try translator.emit(
      Activation(.negative), [maximum], "\(node.name)/minimum", quantization: own)
    let rule = try node.outputs[0].activationQuantization()
    return [.activation(try translator.requantized(minimum, rule, node.name))]
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
    let mean = try translator.reduced(x, node, "\(node.name)/mean", by: .mean, quantization: rule)
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

  private mutating func requantized(
    _ x: ValueID, _ rule: Quantization?, _ name: String
  ) throws(Unsupported) -> ValueID {
    guard rule != nil, graph[x].quantization != rule else { return x }
    return try emit(Activation(.clip(low: -.infinity, high: .infinity)), [x], name, quantization: rule)
  }

  private mutating func reduced(
    _ x: ValueID, _ node: TFLiteNode, _ name: String, by pooling: Pooling, quantization: Quantization?
  ) throws(Unsupported) -> ValueID {
    let axes = try reducedAxes(node)
    let keepsAxes = try node.option(0, as: UInt8.self) != 0
    var result = shape(x)
    for axis in axes { result[axis] = 1 }
    if !keepsAxes { result = result.indices.filter { !axes.contains($0) }.map { result[$0] } }
    guard let first = axes.first, let last = axes.last else {
      return try requantized(x, quantization, name)
    }
    var (value, range) = (x, first...last)
    if axes.count != range.count {
      // The axes are brought together at the end.
      let order = shape(x).indices.filter { !axes.contains($0) } + axes
      value = try emit(
        Transpose(permutation: order), [x], "\(name)/turned", quantization: graph[x].quantization)
      range = order.count - axes.count...order.count - 1
    }
    value = try pooled(value, range, "\(name)/image", by: pooling, quantization: quantization)
    return try reshaped(value, result, name)
  }

  /// The mean or maximum over adjacent axes, which stay with size 1.
  private mutating func pooled(
    _ x: ValueID, _ axes: ClosedRange<Int>, _ name: String, by pooling: Pooling, quantization: Quantization?
  ) throws(Unsupported) -> ValueID {
    let shape = shape(x)
    let (first, last) = (axes.lowerBound, axes.upperBound)
    let isSpatial = shape.count == 4 && first == 1 && last == 2
    let outer = shape[..<first].reduce(1, *)
    let inner = shape[(last + 1)...].reduce(1, *)
    let image = isSpatial ? shape : [1, outer, shape[first...last].reduce(1, *), inner]
    let window = isSpatial ? Size2D(shape[1], shape[2]) : Size2D(1, image[2])
    let view = try reshaped(x, image, "\(name)/view")
    let operation: any Operator =
      switch pooling {
      case .mean: AveragePool2D(window: window)
      case .maximum: MaxPool2D(window: window)
      }
    let result = try emit(operation, [view], name, quantization: quantization)
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    return try reshaped(result, kept, "\(name)/kept")
  }
}
