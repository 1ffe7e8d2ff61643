import Graph
import Testing

struct BorderPadTests {
  /// Bytes are moved alone. Padding may be wider than the image.
  @Test(arguments: 0..<24 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed, toleranceInSteps: 0.01) { problem in
        let x = problem.image(1...5)
        let amounts = (0..<4).map { _ in problem.pick(0...7) }
        return [
          try problem.apply(
            BorderPad(
              before: [0, amounts[0], amounts[1], 0], after: [0, amounts[2], amounts[3], 0],
              border: [.edge, .reflect, .symmetric, .wrap][Int(seed % 4)]), x)
        ]
      })
  }
}
