import CHost
import CShim
import Compiler
import Graph

/// What `martlet bench` says about a float network.
struct FloatBench: Encodable {
  let isa: String
  let threads: Int
  let runs: Int
  let latencyMs: Bench.Latency
  /// Of each run; not printed.
  let nanoseconds: [UInt64]

  private enum CodingKeys: CodingKey { case isa, threads, runs, latencyMs }

  /// Evaluates the graph again and again on zeros, in the form that conversion evaluates: normalizations folded, clamps
  /// and additions fused.
  /// - Throws: `GraphError` when the graph does not fit itself.
  init(_ graph: Graph, threads: Int, runs: Int?) throws {
    var graph = graph
    if !graph.isQuantized { try simplify(&graph) }
    let evaluator = Evaluator(graph, workers: Workers(count: threads))
    let inputs = graph.inputs.map { Tensor(shape: graph[$0].shape) }
    var durations: [UInt64] = []
    for _ in 0..<2 { durations.append(try FloatBench.time(evaluator, inputs)) }
    let count = runs ?? Int(max(5, min(1000, 2_000_000_000 / max(1, durations[1]))))
    durations.removeAll(keepingCapacity: true)
    for _ in 0..<count { durations.append(try FloatBench.time(evaluator, inputs)) }
    isa = String(cString: martlet_family_name(martlet_best_kernels().pointee.family))
    self.threads = threads
    self.runs = count
    nanoseconds = durations
    latencyMs = Bench.Latency(durations)
  }

  private static func time(_ evaluator: Evaluator, _ inputs: [Tensor]) throws -> UInt64 {
    let start = martlet_host_nanoseconds()
    _ = try evaluator.run(inputs)
    return martlet_host_nanoseconds() - start
  }

  /// For people.
  func show() {
    print(
      "latency      \(latencyMs.median.digits(3)) ms median, \(latencyMs.min.digits(3)) min, "
        + "\(latencyMs.p90.digits(3)) p90, \(latencyMs.p99.digits(3)) p99 (\(runs) runs, "
        + "\(threads) thread\(threads == 1 ? "" : "s"), float)")
  }
}
