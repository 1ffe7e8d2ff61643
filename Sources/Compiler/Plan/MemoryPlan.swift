import struct Graph.Graph
import struct Graph.GraphError
import struct Graph.QuantizedWeights

/// How much memory a network needs under some goal.
public struct MemoryPlan: Sendable {
  /// What was asked for.
  public var goal: ArenaGoal
  /// Whether the caller gives the first input row by row.
  public var pushesInput: Bool
  /// What a session needs.
  public var arenaBytes: Int
  /// The largest set of tensors, rings of rows and scratch alive together in the chosen schedule, or more where the order of
  /// tensors written over each other rules that out: no placement is smaller.
  public var lowerBoundBytes: Int
  /// The part of the bound that is scratch of operators.
  public var scratchBytes: Int
  /// Bytes after the last buffer that kernels may read, and rounding of the whole arena.
  public var tailBytes: Int
  /// Turns of a run.
  public var turnCount: Int
  /// Steps of the runtime.
  public var operatorCount: Int
  /// Whether no smaller placement exists.
  public var isProvenSmallest: Bool

  /// Bytes that no tensor, ring or scratch needs: holes between buffers, alignment and the tail.
  public var overheadBytes: Int { arenaBytes - lowerBoundBytes }
}

/// A network made ready for planning, from its shapes alone: without calibration, weights as they are.
public struct MemoryPlanner {
  private let planner: NetworkPlanner

  /// Simplifies and lowers a network. Ranges that an int8 network does not bring are assumed; they decide nothing but
  /// which inputs of a concatenation are written in place, and there as calibration would decide.
  /// - Parameters:
  ///   - graph: the network, float or quantized.
  ///   - threads: how many threads plans are made for.
  /// - Throws: `GraphError` with every layer that cannot be compiled.
  public init(_ graph: Graph, threads: Int = 1) throws(GraphError) {
    var simplified = graph
    if graph.isQuantized {
      try simplifyQuantized(&simplified)
      try self.init(QuantizedNetwork(quantized: simplified), threads: threads)
    } else {
      try simplify(&simplified)
      try self.init(simplified, CalibrationStatistics(assumedFor: simplified), threads: threads)
    }
  }

  private init(_ simplified: Graph, _ statistics: CalibrationStatistics, threads: Int) throws(GraphError) {
    let rules = ChosenQuantizations(simplified, statistics, method: .minMax)
    try self.init(QuantizedNetwork(simplified, rules), threads: threads)
  }

  private init(_ quantized: QuantizedNetwork, threads: Int) throws(GraphError) {
    var network = quantized
    viewConcats(&network)
    planner = try NetworkPlanner(network, threads: threads)
  }

  /// The plan that the compiler makes for `goal`.
  /// - Throws: `GraphError` when no plan is as small as `goal` asks.
  public func plan(_ goal: ArenaGoal, pushesInput: Bool = false) throws(GraphError) -> MemoryPlan {
    let (network, _, plan) = try planner.plan(goal, pushesInput: pushesInput)
    return MemoryPlan(
      goal: goal, pushesInput: pushesInput, arenaBytes: plan.arenaBytes, lowerBoundBytes: plan.lowerBoundBytes,
      scratchBytes: plan.boundScratchBytes, tailBytes: plan.tailBytes,
      turnCount: plan.turns.isEmpty ? network.steps.count : plan.turns.count, operatorCount: network.steps.count,
      isProvenSmallest: plan.isProvenSmallest)
  }
}

extension MemoryPlanner {
  /// A float network with ranges as calibration finds them: under assumed ones the values of networks that multiply by
  /// gates fade away layer by layer.
  /// - Throws: as `calibrate` and `init(_:threads:)`.
  init(_ graph: Graph, calibratedOn data: CalibrationData) throws {
    var simplified = graph
    try simplify(&simplified)
    try self.init(simplified, calibrate(simplified, on: data), threads: 1)
  }

  /// The packed model of a plan: for tests of memory, not for answers.
  func packed(_ goal: ArenaGoal, pushesInput: Bool = false) throws(GraphError) -> [UInt8] {
    let (network, records, plan) = try planner.plan(goal, pushesInput: pushesInput)
    return try packModel(network, records, plan, ModelMetadata())
  }
}

extension CalibrationStatistics {
  /// Another range for every value, around zero.
  fileprivate init(assumedFor graph: Graph) {
    self.init(graph)
    for index in graph.values.indices where graph.values[index].constant == nil {
      assume(4 + Float(index) / 1024, value: index)
    }
  }
}
