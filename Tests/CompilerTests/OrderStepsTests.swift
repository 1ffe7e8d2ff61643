import Graph
import Testing

@testable import Compiler

/// Steps in another order, where that needs less memory.
struct OrderStepsTests {
  /// Branches that widen and narrow again, written down level by level: all wide tensors would be alive together.
  private func branches(_ count: Int, levelByLevel: Bool) throws -> TestNetwork {
    var network = TestNetwork(11)
    let x = network.input([1, 12, 12, 8])
    var narrow: [ValueID] = []
    if levelByLevel {
      let wide = try (0..<count).map { _ in try network.conv(x, to: 64) }
      narrow = try wide.map { try network.conv($0, to: 4) }
    } else {
      for _ in 0..<count { narrow.append(try network.conv(try network.conv(x, to: 64), to: 4)) }
    }
    network.graph.outputs = [try network.conv(try network.apply(Concat(axis: 3), narrow), to: 4)]
    return network
  }

  private func plan(_ network: TestNetwork, _ goal: ArenaGoal) throws -> MemoryPlan {
    try MemoryPlanner(network.graph).plan(goal)
  }

  @Test(arguments: [2, 3, 5]) func branchesComeOneAfterTheOther(count: Int) throws {
    let level = try plan(try branches(count, levelByLevel: true), .wholeTensors)
    let branch = try plan(try branches(count, levelByLevel: false), .wholeTensors)
    #expect(level.arenaBytes <= branch.arenaBytes + 64)
    #expect(level.arenaBytes < count * 12 * 12 * 64)
  }

  @Test func theAnswerStaysTheSame() throws {
    var network = try branches(3, levelByLevel: true)
    let data = network.examples(2)
    var options = CompileOptions()
    options.arena = .wholeTensors
    let model = try compile(network.graph, calibration: data, options: options)
    #expect(model.report.layers.map(\.name) != network.graph.nodes.map(\.name).filter { !$0.hasPrefix("concat") })
    #expect(model.report.agreement.signalToNoiseDecibels > 20)
  }

  @Test func aChainKeepsItsOrder() throws {
    var network = TestNetwork(12)
    var x = network.input([1, 8, 8, 4])
    for _ in 0..<5 { x = try network.conv(x, to: 8) }
    network.graph.outputs = [x]
    var options = CompileOptions()
    options.checkedExamples = 0
    let model = try compile(network.graph, calibration: network.examples(1), options: options)
    #expect(model.report.layers.map(\.name) == network.graph.nodes.map(\.name))
  }
}
