import Graph
import Testing

struct GroupNormalizationTests {
  /// Instances, one group, groups between, and each pixel by itself. Statistics are exact but for float32's rounding.
  @Test(arguments: 0..<40 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 0.51) { problem in
        let channels = problem.pick([1, 3, 4, 16, 18, 40])
        let x = problem.image(channels: channels)
        let groups = problem.pick([1, channels] + (2...4).filter { channels % $0 == 0 })
        let isPixel = problem.pick([true, false])
        let operation = GroupNormalization(
          groups: groups, extent: isPixel ? .pixel : .image, epsilon: problem.pick([1e-5, 0.1]))
        return try problem.applyWithClamp(operation, x, problem.bias(channels), problem.bias(channels))
      })
  }

  /// Rows far longer than partial sums can hold at once would be without care.
  @Test func longRows() throws {
    try check(
      Problem(3) { problem in
        let x = problem.input([1, 2, 70_000, 2])
        let operation = GroupNormalization(groups: 1, extent: .image, epsilon: 1e-5)
        return [try problem.apply(operation, x, problem.bias(2), problem.bias(2))]
      })
  }
}
