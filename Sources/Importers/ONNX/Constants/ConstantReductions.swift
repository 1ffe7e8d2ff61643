import Foundation

/// The handler of a reduction of a constant. Integers stay integers where they can.
func foldReduction(_ kind: Reduction) -> NodeHandler {
  { (context: inout Translator, node: NodeArguments) throws(Unsupported) -> [Operand] in
    let constant = try node.constant(0)
    let rank = constant.shape.count
    let named = try node.integers(1) ?? node.integers(named: "axes") ?? []
    if named.isEmpty, node.integer("noop_with_empty_axes", default: 0) != 0 { return [.constant(constant)] }
    let axes = named.isEmpty ? Array(0..<rank) : try node.normalizedAxes(named, rank: rank)
    let kept = (0..<rank).filter { !axes.contains($0) }
    let ordered = constant.transposed(kept + axes)
    let count = axes.reduce(1) { $0 * constant.shape[$1] }
    guard count > 0 else { throw .invalid("it reduces no elements") }
    let keepsAxes = node.integer("keepdims", default: 1) != 0
    let shape =
      keepsAxes ? (0..<rank).map { axes.contains($0) ? 1 : constant.shape[$0] } : kept.map { constant.shape[$0] }
    try context.reserve(constant.count)
    if let list = ordered.elements.integers, let reduce = kind.ofIntegers {
      let values = stride(from: 0, to: list.count, by: count).map { reduce(list[$0..<$0 + count]) }
      return [.constant(Constant(shape: shape, elements: .integers(values), type: constant.type))]
    }
    let list = ordered.floats
    let values = stride(from: 0, to: list.count, by: count).map { kind.of(list[$0..<$0 + count]) }
    return [.constant(Constant(shape: shape, elements: .floats(values)))]
  }
}

extension Reduction {
  /// For integers, wrapping around; nil where the result is no integer.
  fileprivate var ofIntegers: ((ArraySlice<Int>) -> Int)? {
    switch self {
    case .maximum: { $0.max() ?? 0 }
    case .minimum: { $0.min() ?? 0 }
    case .sum: { $0.reduce(0, &+) }
    case .product: { $0.reduce(1, &*) }
    case .absoluteSum: { $0.reduce(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) } }
    case .squareSum: { $0.reduce(0) { $0 &+ $1 &* $1 } }
    case .mean: { $0.reduce(0, &+) / $0.count }
    case .euclidean, .logarithmOfSum, .logarithmOfExponentials: nil
    }
  }

  /// Sums are taken in double precision.
  fileprivate func of(_ values: ArraySlice<Float>) -> Float {
    func sum(_ term: (Double) -> Double) -> Double { values.reduce(0) { $0 + term(Double($1)) } }
    switch self {
    case .maximum: return values.max() ?? 0
    case .minimum: return values.min() ?? 0
    case .mean: return Float(sum { $0 } / Double(values.count))
    case .sum: return Float(sum { $0 })
    case .product: return Float(values.reduce(1) { $0 * Double($1) })
    case .absoluteSum: return Float(sum { abs($0) })
    case .squareSum: return Float(sum { $0 * $0 })
    case .euclidean: return Float(sum { $0 * $0 }.squareRoot())
    case .logarithmOfSum: return Float(log(sum { $0 }))
    case .logarithmOfExponentials:
      let largest = Double(values.max() ?? 0)
      return Float(largest + log(sum { exp($0 - largest) }))
    }
  }
}
