import Graph

/// Tile of an activation: copies of it side by side.
func importTile(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  return [.activation(try context.repeated(x, try node.repeats(rank: x.rank), name: node.name))]
}

/// Expand of an activation: axes of size 1 are repeated.
func importExpand(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  var x = try node.activation(0)
  guard let target = try node.integers(1), target.count <= 16 else { throw .invalid("it names no shape") }
  while x.rank < target.count { x.source.insert([], at: 0) }
  let shape = [Int](repeating: 1, count: x.rank - target.count) + target
  var repeats: [Int] = []
  for (size, wanted) in zip(x.shape, shape) {
    guard size == wanted || size == 1 || wanted == 1 else {
      throw .invalid("its shape \(target) does not fit an input of shape \(x.shape)")
    }
    repeats.append(size == 1 ? wanted : 1)
  }
  return [.activation(try context.repeated(x, repeats, name: node.name))]
}

extension Translator {
  /// The value so many times along each axis.
  fileprivate mutating func repeated(
    _ x: ActivationView, _ repeats: [Int], name: String
  ) throws(Unsupported) -> ActivationView {
    guard repeats.allSatisfy({ (1...256).contains($0) }) else {
      throw Unsupported("it repeats an activation \(repeats) times", "Repeat constants, or at most 256 times")
    }
    var result = x
    for (axis, count) in repeats.enumerated() where count > 1 {
      result = try joined([ActivationView](repeating: result, count: count), axis: axis, name: "\(name)/\(axis)")
    }
    return result
  }
}
