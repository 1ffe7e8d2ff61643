import Graph
import Testing

struct TransposeTests {
  @Test(arguments: [[0, 2, 1, 3], [0, 1, 3, 2], [0, 2, 3, 1], [0, 3, 1, 2], [0, 3, 2, 1]])
  func agrees(permutation: [Int]) throws {
    for seed in 0..<6 as Range<UInt64> {
      try check(
        Problem(seed, toleranceInSteps: 0.01) { problem in
          [try problem.apply(Transpose(permutation: permutation), problem.image(2...7))]
        })
    }
  }
}
