import Graph
import Testing

struct TopKTests {
  /// Bytes and their places are exact: of equal bytes, of which there are many, the first or the last. (A real number
  /// divided by its scale is a few millionths off.)
  @Test(arguments: 0..<60 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 0.0001) { problem in
        let channels = problem.pick([1, 3, 21, 300, 1000])
        let x = problem.input([1, problem.pick(1...3), problem.pick(1...5), channels])
        let count = problem.pick([1, min(5, channels), channels])
        let (smallest, lastFirst) = (problem.pick([true, false]), problem.pick([true, false]))
        return try [.values, .indices].map { result in
          try problem.apply(TopK(count: count, result: result, smallest: smallest, lastFirst: lastFirst), x)
        }
      })
  }

  /// Indices go under another shape, too.
  @Test func indicesKeepTheirTypeWhenReshaped() throws {
    try check(
      Problem(1, toleranceInSteps: 0) { problem in
        let best = try problem.apply(TopK(count: 1, result: .indices), problem.input([1, 4, 5, 7]))
        return [try problem.apply(Reshape(shape: [1, 4, 5]), best)]
      })
  }
}
