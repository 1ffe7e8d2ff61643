import Foundation

extension Translator {
  /// An operator of two constants under numpy's broadcasting rule: integers stay integers (and wrap), else floats.
  mutating func folded(
    _ node: NodeArguments, _ integers: (Int, Int) throws(Unsupported) -> Int, _ floats: (Float, Float) -> Float
  ) throws(Unsupported) -> [Operand] {
    let (a, b) = (try node.constant(0), try node.constant(1))
    guard node.operands.count == 2 else { throw .invalid("it has \(node.operands.count) operands") }
    let shape = try broadcastShape(a, b)
    let (left, right) = (try expanded(a, to: shape), try expanded(b, to: shape))
    guard let first = left.integers, let second = right.integers else {
      let values = zip(left.floats, right.floats).map { floats($0, $1) }
      return [.constant(Constant(shape: shape, elements: .floats(values)))]
    }
    var values: [Int] = []
    for (one, other) in zip(first, second) { values.append(try integers(one, other)) }
    return [.constant(Constant(shape: shape, elements: .integers(values)))]
  }

  /// A comparison of two constants: integers 0 and 1.
  mutating func compared(
    _ node: NodeArguments, _ integers: (Int, Int) -> Bool, _ floats: (Float, Float) -> Bool
  ) throws(Unsupported) -> [Operand] {
    let result = try folded(
      node, { (a, b) throws(Unsupported) in integers(a, b) ? 1 : 0 }, { floats($0, $1) ? 1 : 0 })
    guard case .constant(let constant) = result[0] else { return result }
    return [.constant(Constant(shape: constant.shape, elements: .integers(constant.floats.map { $0 == 0 ? 0 : 1 })))]
  }

  /// The common shape of constants that are repeated along axes where their size is 1.
  func broadcastShape(_ constants: Constant...) throws(Unsupported) -> [Int] {
    let rank = constants.map(\.shape.count).max() ?? 0
    var result = [Int](repeating: 1, count: rank)
    for constant in constants {
      for (axis, size) in constant.shape.enumerated() where size != 1 {
        let position = rank - constant.shape.count + axis
        guard result[position] == 1 || result[position] == size else {
          throw .invalid("its operands of shapes \(constants.map(\.shape)) do not fit")
        }
        result[position] = size
      }
    }
    return result
  }

  /// The elements repeated to a shape that `broadcastShape` gave.
  mutating func expanded(_ constant: Constant, to shape: [Int]) throws(Unsupported) -> Constant.Elements {
    try reserve(checkedProduct(shape))
    if constant.shape == shape { return constant.elements }
    let added = [Int](repeating: 1, count: shape.count - constant.shape.count)
    let own = added + constant.shape
    let strides = zip(own, rowMajorStrides(own)).map { $0 == 1 ? 0 : $1 }
    return constant.elements.strided(sizes: shape, strides: strides)
  }

  /// A function of every element.
  func mapped(
    _ node: NodeArguments, _ integers: (Int) -> Int, _ floats: (Float) -> Float
  ) throws(Unsupported) -> [Operand] {
    var constant = try node.constant(0)
    switch constant.elements {
    case .integers(let list): constant.elements = .integers(list.map(integers))
    case .floats(let list): constant.elements = .floats(list.map(floats))
    }
    return [.constant(constant)]
  }
}

func foldAdd(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.folded(node, { $0 &+ $1 }, { $0 + $1 })
}

func foldSubtract(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.folded(node, { $0 &- $1 }, { $0 - $1 })
}

func foldMultiply(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.folded(node, { $0 &* $1 }, { $0 * $1 })
}

/// Integers are divided toward zero.
func foldDivide(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.folded(
    node,
    { (a, b) throws(Unsupported) in
      let (quotient, overflow) = a.dividedReportingOverflow(by: b)
      guard !overflow else { throw .invalid("it divides \(a) by \(b)") }
      return quotient
    }, { $0 / $1 })
}

func foldMaximum(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.folded(node, { max($0, $1) }, { max($0, $1) })
}

func foldMinimum(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.folded(node, { min($0, $1) }, { min($0, $1) })
}

func foldEqual(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.compared(node, ==, ==)
}

func foldGreater(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.compared(node, >, >)
}

func foldLess(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.compared(node, <, <)
}

func foldGreaterOrEqual(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.compared(node, >=, >=)
}

func foldLessOrEqual(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.compared(node, <=, <=)
}

func foldXor(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.compared(node, { ($0 != 0) != ($1 != 0) }, { ($0 != 0) != ($1 != 0) })
}

/// The remainder: with the divisor's sign, or the dividend's where the attribute fmod says so.
func foldModulo(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let truncates = node.integer("fmod", default: 0) != 0
  return try context.folded(
    node,
    { (a, b) throws(Unsupported) in
      let (rest, overflow) = a.remainderReportingOverflow(dividingBy: b)
      guard !overflow else { throw .invalid("it divides \(a) by \(b)") }
      return !truncates && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
    }, { $0.truncatingRemainder(dividingBy: $1) })
}

func foldAnd(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.compared(node, { $0 != 0 && $1 != 0 }, { $0 != 0 && $1 != 0 })
}

func foldOr(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.compared(node, { $0 != 0 || $1 != 0 }, { $0 != 0 || $1 != 0 })
}

func foldNot(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.mapped(node, { $0 == 0 ? 1 : 0 }, { $0 == 0 ? 1 : 0 })
}

func foldNegation(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.mapped(node, { 0 &- $0 }, { -$0 })
}

func foldAbsolute(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.mapped(node, { $0 < 0 ? 0 &- $0 : $0 }, { abs($0) })
}

func foldFloor(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.mapped(node, { $0 }, { $0.rounded(.down) })
}

func foldCeil(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.mapped(node, { $0 }, { $0.rounded(.up) })
}

func foldSquareRoot(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try context.mapped(node, { $0 }, { $0.squareRoot() })
}

/// Where(condition, a, b).
func foldWhere(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (condition, a, b) = (try node.constant(0), try node.constant(1), try node.constant(2))
  let shape = try context.broadcastShape(condition, a, b)
  let choices = try context.expanded(condition, to: shape).floats
  let (left, right) = (try context.expanded(a, to: shape), try context.expanded(b, to: shape))
  if let first = left.integers, let second = right.integers {
    let values = choices.indices.map { choices[$0] != 0 ? first[$0] : second[$0] }
    return [.constant(Constant(shape: shape, elements: .integers(values)))]
  }
  let (first, second) = (left.floats, right.floats)
  let values = choices.indices.map { choices[$0] != 0 ? first[$0] : second[$0] }
  return [.constant(Constant(shape: shape, elements: .floats(values)))]
}

/// Cast between numbers: floats lose their fraction, and everything but 0 is true.
func foldCast(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  var constant = try node.constant(0)
  let type = node.integer("to", default: 1)
  (constant.type, constant.scales) = (type, nil)
  if ONNXTensor.isFloatingPoint(type) {
    constant.elements = .floats(constant.floats)
  } else if type == 9 {
    constant.elements = .integers(constant.floats.map { $0 == 0 ? 0 : 1 })
  } else if case .floats(let list) = constant.elements {
    guard type != 8, list.allSatisfy({ abs($0) < 0x1p62 }) else {
      throw Unsupported(
        "it casts numbers that do not fit \(ONNXTensor.typeName(type))", "Simplify the model before exporting it")
    }
    constant.elements = .integers(list.map { Int($0) })
  }
  return [.constant(constant)]
}
