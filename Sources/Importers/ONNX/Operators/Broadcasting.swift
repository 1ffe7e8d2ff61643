import Graph

/// The handler of an operator that combines any number of operands, two at a time, place by place. An activation and a
/// constant go to `withConstant`.
func elementwise(_ operation: any Operator, withConstant: @escaping NodeHandler) -> NodeHandler {
  { (context: inout Translator, node: NodeArguments) throws(Unsupported) -> [Operand] in
    guard var result = node.operands.first ?? nil else { throw .invalid("it has no operands") }
    // Constants come last, so that each pair has an activation.
    var rest = node.operands.dropFirst().compactMap { $0 }
    if case .constant = result, let position = rest.firstIndex(where: \.isActivation) {
      swap(&result, &rest[position])
    }
    for (index, operand) in rest.enumerated() {
      let name = index == rest.count - 1 ? node.name : "\(node.name)/\(index)"
      if case .activation(let a) = result, case .activation(let b) = operand {
        result = .activation(try context.broadcast(operation, a, b, name: name))
      } else {
        result = try withConstant(&context, node.with([result, operand]))[0]
      }
    }
    return [result]
  }
}

extension Operand {
  fileprivate var isActivation: Bool { if case .activation = self { true } else { false } }
}

extension Translator {
  /// An elementwise operator of two activations, the smaller one repeated along axes where its size is 1.
  mutating func broadcast(
    _ operation: any Operator, _ a: ActivationView, _ b: ActivationView, name: String
  ) throws(Unsupported) -> ActivationView {
    var (a, b) = (a, b)
    while a.rank < b.rank { a.source.insert([], at: 0) }
    while b.rank < a.rank { b.source.insert([], at: 0) }
    for axis in 0..<a.rank where a.shape[axis] != b.shape[axis] && a.shape[axis] != 1 && b.shape[axis] != 1 {
      throw .invalid("its operands of shapes \(a.shape) and \(b.shape) do not fit")
    }
    if !sharesAtoms(a, b) {
      a = try wholeAxes(a, name: name)
      b = try wholeAxes(b, name: name)
    }
    let isSwapped = b.count > a.count
    if isSwapped { swap(&a, &b) }
    guard (0..<a.rank).allSatisfy({ a.shape[$0] == max(a.shape[$0], b.shape[$0]) }) else {
      throw Unsupported(
        "its operands of shapes \(a.shape) and \(b.shape) enlarge each other", "Only one operand can be repeated")
    }
    var partner: [Int: Int] = [:]
    for axis in 0..<a.rank {
      for (one, other) in zip(a.source[axis], b.source[axis]) { partner[one] = other }
    }
    let dims = a.dims.flatMap { Self.cut($0) { partner[$0] != nil } }
    a = try arranged(a, as: dims, name: name)
    b = try arranged(b, as: dims.map { $0.compactMap { partner[$0] } }, name: name)
    a.id = try emit(operation, isSwapped ? [b.id, a.id] : [a.id, b.id], name: name)
    return a
  }

  /// Whether the axes of two values are cut alike wherever both have more than one element.
  private func sharesAtoms(_ a: ActivationView, _ b: ActivationView) -> Bool {
    (0..<a.rank).allSatisfy { axis in
      let (one, other) = (a.source[axis].map { a.atoms[$0] }, b.source[axis].map { b.atoms[$0] })
      return one == other || one.isEmpty || other.isEmpty
    }
  }

  /// The value with each axis of the source one atom, moved only where an axis is torn apart.
  mutating func wholeAxes(_ view: ActivationView, name: String) throws(Unsupported) -> ActivationView {
    let (whole, dimensionOfAxis) = try oneDimensionPerAxis(view, name: name)
    return placed(whole.id, shape: whole.shape, dimensionOfAxis: dimensionOfAxis)
  }

  /// A dimension in runs that are alike under `isShared`.
  private static func cut(_ dim: [Int], _ isShared: (Int) -> Bool) -> [[Int]] {
    var runs: [[Int]] = []
    for atom in dim {
      if let last = runs.last?.last, isShared(last) == isShared(atom) {
        runs[runs.count - 1].append(atom)
      } else {
        runs.append([atom])
      }
    }
    return runs.isEmpty ? [[]] : runs
  }
}
