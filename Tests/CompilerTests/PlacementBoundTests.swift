import Testing

@testable import Compiler

struct PlacementBoundTests {
  /// The second buffer may lie low alone because of the first, high alone because of the last; a third that is alive with it
  /// fits neither below nor above. No moment needs more than 44 bytes, and the chain alone no more than 50.
  @Test func orderIsForcedThroughSeveralBuffers() {
    var buffers = [
      ArenaBuffer(bytes: 39, firstOperator: 0, lastOperator: 1),
      ArenaBuffer(bytes: 22, firstOperator: 1, lastOperator: 3),
      ArenaBuffer(bytes: 22, firstOperator: 2, lastOperator: 2),
      ArenaBuffer(bytes: 33, firstOperator: 3, lastOperator: 4),
    ]
    buffers[1].follows = (buffer: 0, distance: 0)
    buffers[3].follows = (buffer: 1, distance: -11)
    #expect(PlacementProblem(buffers).bound.bytes == 50)
    let plan = planArena(buffers)
    #expect(plan.lowerBoundBytes == 55 && plan.arenaBytes == 55)
    #expect(plan.isProvenSmallest)
    buffers[3].follows = (buffer: 1, distance: 0)
    #expect(planArena(buffers).lowerBoundBytes == 44)
  }

  @Test(arguments: 0..<60) func boundIsNeverAboveTheSmallestPlan(seed: UInt64) {
    let buffers = randomFollowers(seed)
    let problem = PlacementProblem(buffers)
    let smallest = smallestBytes(problem)
    #expect(problem.provenBound(from: problem.bound.bytes, withSlack: false) <= smallest)
    #expect(problem.provenBound(from: 0, withSlack: false) <= smallest)
  }

  @Test func boundIsOftenWhatThePlanNeeds() {
    var raised = 0
    for seed in 0..<60 {
      let problem = PlacementProblem(randomFollowers(UInt64(seed)))
      let proven = problem.provenBound(from: problem.bound.bytes, withSlack: false)
      if proven > problem.bound.bytes, proven == smallestBytes(problem) { raised += 1 }
    }
    #expect(raised > 2)
  }

  /// Five buffers of a few bytes, each written over the one before, and one beside them.
  private func randomFollowers(_ seed: UInt64) -> [ArenaBuffer] {
    var random = SeededGenerator(seed &+ 12_000)
    var buffers = (0..<4).map {
      ArenaBuffer(
        bytes: Int.random(in: 2...6, using: &random), firstOperator: $0,
        lastOperator: $0 + 1 + Int.random(in: 0...1, using: &random))
    }
    for index in 1..<4 { buffers[index].follows = (index - 1, Int.random(in: -3...1, using: &random)) }
    let time = Int.random(in: 1...3, using: &random)
    buffers.append(
      ArenaBuffer(bytes: Int.random(in: 2...6, using: &random), firstOperator: time, lastOperator: time))
    return buffers
  }

  /// Every place of every item, in more and more bytes.
  private func smallestBytes(_ problem: PlacementProblem) -> Int {
    func fits(_ bases: [Int], within bytes: Int) -> Bool {
      let item = bases.count
      guard item < problem.items.count else { return true }
      let limit = bytes - problem.items[item].bytes
      guard limit >= 0 else { return false }
      let own = problem.exclusions[problem.firstExclusion[item]..<problem.firstExclusion[item + 1]]
      return (0...limit).contains { base in
        own.allSatisfy { exclusion in
          exclusion.other >= item || base <= bases[exclusion.other] + exclusion.low
            || base >= bases[exclusion.other] + exclusion.high
        } && fits(bases + [base], within: bytes)
      }
    }
    return (problem.items.map(\.bytes).max()!...).first { fits([], within: $0) }!
  }
}
