import Graph
import Testing

struct ConcatTests {
  /// Inputs of the network keep their ranges, so that all but one go through a table.
  @Test(arguments: 0..<30 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        let axis = problem.pick(1...3)
        let shape = (0..<4).map { $0 == 0 ? 1 : problem.pick(1...6) }
        func part() -> ValueID {
          var size = shape
          size[axis] = problem.pick(1...20)
          return problem.input(size)
        }
        let (a, b, c) = (part(), part(), part())
        return [try problem.apply(Concat(axis: axis), a, b, c)]
      })
  }

  /// Layers that nothing else reads take the range of the whole, so that bytes are only copied.
  @Test(arguments: 0..<10 as Range<UInt64>) func unified(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        let x = problem.image(3...6)
        let a = try problem.apply(Activation(.hardSwish), x)
        let b = try problem.apply(MaxPool2D(window: .one), try problem.apply(Activation(.swish), x))
        return [try problem.apply(Concat(axis: 3), a, b)]
      })
  }
}
