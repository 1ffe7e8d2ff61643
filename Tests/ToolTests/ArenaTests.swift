import Foundation
import Graph
import Martlet
import Testing

@testable import Compiler

/// Memory plans of networks that people know.
@Suite(.serialized, .enabled(if: TestData.isThere, "MARTLET_TEST_DATA names no folder"))
struct ArenaTests {
  @Test func someNetworkIsMeant() {
    #expect(!NamedNetworks.chosen.isEmpty, "MARTLET_NETWORKS_FROM or MARTLET_NETWORKS_ONLY names no network")
  }

  /// No plan is more than 2 % above the lower bound of its schedule, but for the bytes after the last buffer that kernels may
  /// read, the rounding of the arena, and 16 bytes an operator.
  @Test(arguments: NamedNetworks.planned) func plansReachTheirBound(name: String) throws {
    let planner = try MemoryPlanner(try NamedNetworks.graph(name))
    for pushesInput in [false, true] {
      for goal in [ArenaGoal.wholeTensors, .automatic, .smallest] {
        let plan = try planner.plan(goal, pushesInput: pushesInput)
        let bookkeeping = Limits.slackBytes + 16 * plan.operatorCount
        #expect(plan.arenaBytes >= plan.lowerBoundBytes)
        let isExact = plan.arenaBytes * 50 <= plan.lowerBoundBytes * 51
        #expect(
          isExact
            || (plan.lowerBoundBytes < 10_240 && plan.overheadBytes * 50 <= plan.lowerBoundBytes + 50 * bookkeeping),
          "\(goal), pushed \(pushesInput): \(plan.arenaBytes) bytes, bound \(plan.lowerBoundBytes)")
      }
    }
    NamedNetworks.report(name, "within the bound")
  }

  /// Whatever lies in bytes that nothing needs, every plan gives the answer of whole tensors, and no turn writes a byte
  /// beside its own rows and scratch.
  @Test(arguments: NamedNetworks.chosen) func turnsTouchNothingElse(name: String) throws {
    let planner = try NamedNetworks.planner(name)
    let whole = try WatchedRun(try planner.packed(.wholeTensors), rubbish: 0x5A)
    #expect(whole.trespasses.isEmpty, "whole: \(whole.trespasses.first ?? "")")
    let values = Array(whole.outputs.joined())
    #expect(values.count == 1 || Set(values).count > 1, "an answer that says something")
    for (goal, pushesInput) in [(ArenaGoal.smallest, false), (.smallest, true), (.automatic, false)] {
      let run = try WatchedRun(try planner.packed(goal, pushesInput: pushesInput), rubbish: 0xC3)
      #expect(run.outputs == whole.outputs, "\(goal), pushed \(pushesInput)")
      #expect(run.trespasses.isEmpty, "\(goal), pushed \(pushesInput): \(run.trespasses.first ?? "")")
    }
    NamedNetworks.report(name, "untouched")
  }

  /// What the test above would say if turns wrote a row too many, or needed less than they read.
  @Test func theWatchNotices() throws {
    let file = try MemoryPlanner(try NamedNetworks.graph("LeNet-5")).packed(.smallest)
    let seeing = try WatchedRun(file, rubbish: 0x5A)
    #expect(seeing.trespasses.isEmpty)
    #expect(!(try WatchedRun(file, rubbish: 0x5A, blind: true)).trespasses.isEmpty)
    #expect(try WatchedRun(file, rubbish: 0x5A, forgetful: true).outputs != seeing.outputs)
  }

  /// What rows cost grows with the threads that must meet after every turn: a plan for more of them takes fewer turns and
  /// more memory. Whole tensors are the same for any number.
  @Test func plansForMoreThreadsTakeFewerTurns() throws {
    let graph = try NamedNetworks.graph("MobileNetV2-1.0")
    let (one, two) = (try MemoryPlanner(graph), try MemoryPlanner(graph, threads: 2))
    let plans = (try one.plan(.automatic), try two.plan(.automatic))
    #expect(plans.1.turnCount < plans.0.turnCount && plans.1.arenaBytes > plans.0.arenaBytes)
    #expect(try two.plan(.wholeTensors).arenaBytes == one.plan(.wholeTensors).arenaBytes)
  }

  /// Two models take turns in one arena, as large as the larger needs, and answer as each does in an arena of its own.
  @Test func severalNetworksShareAnArena() throws {
    let files = try ["LeNet-5", "ResNet8-CIFAR"].map { name in
      AlignedBytes(copying: try MemoryPlanner(try NamedNetworks.graph(name)).packed(.smallest))
    }
    let sizes = try files.map { try Verifier<Every>.verify(UnsafeRawBufferPointer($0.buffer)).arenaBytes }
    let shared = AlignedBytes(count: sizes.max()!)
    func answer(_ index: Int, _ arena: AlignedBytes) throws -> [Int8] {
      let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(files[index].buffer))
      var session = try Session(model, arena: arena.buffer)
      let values = selfTestPattern(model)[0]
      try session.setInput(values.span)
      session.run()
      var result = [Int8](repeating: 0, count: session.output().count)
      var span = result.mutableSpan
      try session.copyOutput(into: &span)
      return result
    }
    let alone = try [0, 1].map { try answer($0, AlignedBytes(count: sizes[$0])) }
    for index in [0, 1, 1, 0, 1] { #expect(try answer(index, shared) == alone[index]) }
  }
}
