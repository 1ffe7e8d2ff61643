import Testing

@testable import Compiler

struct ArenaPlannerTests {
  @Test func chainNeedsItsLargestPairOfNeighbours() {
    let sizes = [300, 800, 200, 500, 100]
    let buffers = sizes.enumerated().map {
      ArenaBuffer(bytes: $1, alignment: 16, firstOperator: max(0, $0 - 1), lastOperator: $0, slackBytes: 64)
    }
    let plan = planArena(buffers)
    #expect(plan.lowerBoundBytes == 1100)
    #expect(plan.arenaBytes <= 1100 + 64 + 16)
    expectNoOverlap(buffers, plan)
  }

  @Test(arguments: 0..<100) func randomBuffersNeverOverlap(seed: UInt64) {
    var random = SeededGenerator(seed)
    let buffers = randomBuffers(count: Int.random(in: 1...60, using: &random), operators: 30, using: &random)
    let plan = planArena(buffers, searchNodes: 1000)
    expectNoOverlap(buffers, plan)
    #expect(plan.arenaBytes >= plan.lowerBoundBytes)
    #expect(plan == planArena(buffers, searchNodes: 1000))
  }

  @Test(arguments: 0..<80) func smallSetsAreSmallestAsBruteForceFindsThem(seed: UInt64) {
    var random = SeededGenerator(seed &+ 1000)
    let buffers = randomBuffers(count: Int.random(in: 2...6, using: &random), operators: 6, using: &random)
    let plan = planArena(buffers)
    #expect(plan.isProvenSmallest)
    #expect(plan.arenaBytes == bruteForceBytes(buffers))
  }

  /// Greedy orders miss the bound here and there; the search must close the gap.
  @Test func searchBeatsGreedySomewhere() {
    var improved = 0
    for seed in 0..<30 as Range<UInt64> {
      var random = SeededGenerator(seed &+ 5000)
      let buffers = randomBuffers(count: 12, operators: 10, using: &random)
      let greedy = planArena(buffers, searchNodes: 0)
      let searched = planArena(buffers)
      #expect(searched.arenaBytes <= greedy.arenaBytes)
      if searched.arenaBytes < greedy.arenaBytes { improved += 1 }
    }
    #expect(improved > 0)
  }

  @Test func resultOverwritesDyingOperandOfItsSize() {
    let buffers = [
      ArenaBuffer(bytes: 1000, firstOperator: 0, lastOperator: 1),
      ArenaBuffer(bytes: 1000, firstOperator: 1, lastOperator: 2, mayOverwrite: [0]),
      ArenaBuffer(bytes: 10, firstOperator: 2, lastOperator: 2),
    ]
    let plan = planArena(buffers)
    #expect(plan.offsets[0] == plan.offsets[1])
    #expect(plan.arenaBytes == 1010)
    var living = buffers
    living[0].lastOperator = 2
    #expect(planArena(living).arenaBytes == 2010)
    var larger = buffers
    larger[1].bytes = 1001
    #expect(planArena(larger).arenaBytes == 2001)
  }

  @Test func aliasesShareTheirBytesAndLiveTogether() {
    let buffers = [
      ArenaBuffer(bytes: 100, firstOperator: 0, lastOperator: 1),
      ArenaBuffer(bytes: 100, firstOperator: 1, lastOperator: 3, alias: 0),
      ArenaBuffer(bytes: 50, firstOperator: 2, lastOperator: 3),
    ]
    let plan = planArena(buffers)
    #expect(plan.offsets[0] == plan.offsets[1])
    #expect(plan.arenaBytes == 150)
  }

  @Test func followerMayLieLowerThanItsDistanceButNotHigher() {
    var buffers = [
      ArenaBuffer(bytes: 1000, firstOperator: 0, lastOperator: 1),
      ArenaBuffer(bytes: 600, firstOperator: 1, lastOperator: 2),
      ArenaBuffer(bytes: 400, firstOperator: 2, lastOperator: 2),
    ]
    // At its distance exactly, it would leave no room of 400 bytes beside it.
    buffers[1].follows = (buffer: 0, distance: 300)
    let over = planArena(buffers)
    #expect(over.lowerBoundBytes == 1000)
    #expect(over.arenaBytes == 1000)
    #expect(over.offsets[1] <= over.offsets[0] + 300)
    buffers[1].follows = (buffer: 0, distance: -200)
    let before = planArena(buffers)
    #expect(before.arenaBytes == 1200)
    #expect(before.offsets[1] <= before.offsets[0] - 200)
    buffers[1].follows = nil
    #expect(planArena(buffers).arenaBytes == 1600)
  }

  @Test(arguments: 0..<40) func chainsOfFollowersKeepToTheirDistances(seed: UInt64) {
    var random = SeededGenerator(seed &+ 9000)
    var buffers = (0..<8).map {
      ArenaBuffer(
        bytes: Int.random(in: 10...60, using: &random) * 16, alignment: 16, firstOperator: $0, lastOperator: $0 + 1)
    }
    for index in 1..<8 {
      buffers[index].follows = (index - 1, Int.random(in: -20...20, using: &random) * 16)
      buffers.append(
        ArenaBuffer(bytes: Int.random(in: 1...20, using: &random) * 16, firstOperator: index, lastOperator: index))
    }
    let plan = planArena(buffers, steps: 200)
    #expect(plan.arenaBytes >= plan.lowerBoundBytes)
    expectNoOverlap(buffers, plan)
  }

  /// Each of three tensors in a row must begin lower than the one that it is written over: the first lies high, and nothing less
  /// is claimed as the bound.
  @Test func chainsOfFollowersNeedRoomToMoveDown() {
    var buffers = (0..<3).map { ArenaBuffer(bytes: 1000, firstOperator: $0, lastOperator: $0 + 1) }
    buffers[1].follows = (buffer: 0, distance: -200)
    buffers[2].follows = (buffer: 1, distance: -300)
    let plan = planArena(buffers)
    #expect(plan.lowerBoundBytes == 1500)
    #expect(plan.arenaBytes == 1500)
    #expect(plan.isProvenSmallest)
    // With as much room as two apart need, they need not overlap.
    buffers[2].follows = (buffer: 1, distance: -900)
    #expect(planArena(buffers).lowerBoundBytes == 2000)
    #expect(planArena(buffers).arenaBytes == 2000)
  }

  /// What is alive at other times does not get into each other's way, however hard each is to place.
  @Test(arguments: 0..<10) func setsApartInTimeNeedWhatTheLargestNeeds(seed: UInt64) {
    var random = SeededGenerator(seed &+ 3000)
    let sets = (0..<3).map { _ in randomBuffers(count: 6, operators: 6, using: &random) }
    let apart = sets.enumerated().flatMap { index, buffers in
      buffers.map { buffer in
        var later = buffer
        later.firstOperator += 6 * index
        later.lastOperator += 6 * index
        return later
      }
    }
    let plan = planArena(apart, searchNodes: 1000, steps: 1000)
    #expect(plan.arenaBytes == sets.map(bruteForceBytes).max())
    expectNoOverlap(apart, plan)
  }

  /// Small buffers that fit anywhere are set aside, and must still find room when the others are placed.
  @Test func smallBuffersFindRoomBesideLargeOnes() {
    var random = SeededGenerator(77)
    var buffers = (0..<12).map { ArenaBuffer(bytes: 4000, alignment: 64, firstOperator: $0, lastOperator: $0 + 1) }
    for operation in 0..<13 {
      for _ in 0..<5 {
        buffers.append(
          ArenaBuffer(
            bytes: Int.random(in: 1...30, using: &random), alignment: 4, firstOperator: operation,
            lastOperator: min(12, operation + Int.random(in: 0...1, using: &random))))
      }
    }
    let plan = planArena(buffers)
    #expect(plan.arenaBytes <= plan.lowerBoundBytes + 64)
    expectNoOverlap(buffers, plan)
  }

  @Test func nothingNeedsNothing() {
    #expect(planArena([]).arenaBytes == 0)
    #expect(planArena([ArenaBuffer(bytes: 0, firstOperator: 0, lastOperator: 4)]).arenaBytes == 0)
  }

  private func randomBuffers(
    count: Int, operators: Int, using random: inout SeededGenerator
  ) -> [ArenaBuffer] {
    (0..<count).map { _ in
      let first = Int.random(in: 0..<operators, using: &random)
      let last = min(operators - 1, first + Int.random(in: 0...4, using: &random))
      return ArenaBuffer(
        bytes: Int.random(in: 1...20, using: &random) * 10, alignment: [1, 16, 64].randomElement(using: &random)!,
        firstOperator: first, lastOperator: last, slackBytes: [0, 64].randomElement(using: &random)!)
    }
  }

  private func expectNoOverlap(_ buffers: [ArenaBuffer], _ plan: ArenaPlan) {
    for (i, a) in buffers.enumerated() {
      #expect(plan.offsets[i] % a.alignment == 0)
      #expect(plan.offsets[i] + a.bytes + a.slackBytes <= plan.arenaBytes)
      for (j, b) in buffers.enumerated() where j > i {
        let together = a.firstOperator <= b.lastOperator && b.firstOperator <= a.lastOperator
        let apart = plan.offsets[i] + a.bytes <= plan.offsets[j] || plan.offsets[j] + b.bytes <= plan.offsets[i]
        let followsInTime =
          b.follows.map { $0.buffer == i && plan.offsets[j] <= plan.offsets[i] + $0.distance } ?? false
        #expect(!together || apart || followsInTime, "buffers \(i) and \(j)")
      }
    }
  }

  /// Every order, each buffer in the lowest place where it fits: reaches a smallest plan.
  private func bruteForceBytes(_ buffers: [ArenaBuffer]) -> Int {
    var best = Int.max
    func descend(_ placed: [(buffer: ArenaBuffer, offset: Int)], _ rest: [ArenaBuffer]) {
      if rest.isEmpty {
        best = min(best, placed.map { $0.offset + $0.buffer.bytes + $0.buffer.slackBytes }.max() ?? 0)
        return
      }
      for index in rest.indices {
        let next = rest[index]
        let obstacles = placed.filter {
          $0.buffer.firstOperator <= next.lastOperator && next.firstOperator <= $0.buffer.lastOperator
        }
        let starts = ([0] + obstacles.map { $0.offset + $0.buffer.bytes }).map {
          ($0 + next.alignment - 1) / next.alignment * next.alignment
        }
        let offset = starts.sorted().first { start in
          obstacles.allSatisfy { start + next.bytes <= $0.offset || start >= $0.offset + $0.buffer.bytes }
        }!
        var others = rest
        others.remove(at: index)
        descend(placed + [(next, offset)], others)
      }
    }
    descend([], buffers)
    return best
  }
}
