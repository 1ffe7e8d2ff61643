import Graph

/// What a reduction makes of the elements.
enum Reduction {
  case mean, maximum, minimum, sum, absoluteSum, squareSum, euclidean, logarithmOfSum, logarithmOfExponentials, product
}

/// The handler of a reduction over any axes, named by an attribute or an input.
func reduction(_ kind: Reduction) -> NodeHandler {
  { (context: inout Translator, node: NodeArguments) throws(Unsupported) -> [Operand] in
    let x = try node.activation(0)
    let named = try node.integers(1) ?? node.integers(named: "axes") ?? []
    if named.isEmpty, node.integer("noop_with_empty_axes", default: 0) != 0 { return [.activation(x)] }
    let axes = named.isEmpty ? Array(0..<x.rank) : try node.normalizedAxes(named, rank: x.rank)
    let keepsAxes = node.integer("keepdims", default: 1) != 0
    return [.activation(try context.reduced(x, axes, keepsAxes: keepsAxes, kind, node.name))]
  }
}

extension Translator {
  /// A reduction by poolings and functions of one argument.
  fileprivate mutating func reduced(
    _ x: ActivationView, _ axes: [Int], keepsAxes: Bool, _ kind: Reduction, _ name: String
  ) throws(Unsupported) -> ActivationView {
    if kind == .product { return try product(x, axes, keepsAxes: keepsAxes, name) }
    let (before, pooling, after): (Activation.Function?, PoolingKind, Activation.Function?) =
      switch kind {
      case .mean, .sum: (nil, .mean, nil)
      case .maximum: (nil, .maximum, nil)
      case .minimum: (.negative, .maximum, .negative)
      case .absoluteSum: (nil, .norm(1), nil)
      case .squareSum: (.power(2), .mean, nil)
      case .euclidean: (nil, .norm(2), nil)
      case .logarithmOfSum: (nil, .mean, .logarithm)
      case .logarithmOfExponentials: (.exponential, .mean, .logarithm)
      case .product: (nil, .maximum, nil)
      }
    var view = x
    if let before { view.id = try emit(Activation(before), [view.id], name: "\(name)/elements") }
    view = try reduced(view, axes, keepsAxes: keepsAxes, pooling, "\(name)/pool")
    if pooling == .mean, kind != .mean {
      let count = axes.reduce(1) { $0 * x.shape[$1] }
      if count > 1 { view = try scaled(view, by: Float(count), name: "\(name)/sum") }
    }
    if let after { view.id = try emit(Activation(after), [view.id], name: name) }
    return view
  }

  /// The product of all parts along some axes, two at a time.
  private mutating func product(
    _ x: ActivationView, _ axes: [Int], keepsAxes: Bool, _ name: String
  ) throws(Unsupported) -> ActivationView {
    var result = x
    for axis in axes where result.shape[axis] > 1 {
      let count = result.shape[axis]
      guard count <= 64 else {
        throw Unsupported("it multiplies \(count) values", "Only products of at most 64 values can be imported")
      }
      let whole = result
      for index in 0..<count {
        var parts = whole.shape.map { AxisPart.whole($0) }
        parts[axis] = AxisPart(begin: index, size: 1, step: 1)
        let part = try sliced(whole, parts, name: "\(name)/\(axis)/part \(index)")
        result = index == 0 ? part : try broadcast(Multiply(), result, part, name: "\(name)/\(axis)/\(index)")
      }
    }
    if keepsAxes { return result }
    result.source = result.source.indices.filter { !axes.contains($0) }.map { result.source[$0] }
    return result
  }
}
