import ArgumentParser
import CAllocationCounter
import CHost
import CShim
import Compiler
import Foundation
import Martlet
import Threads

/// `martlet bench MODEL.martlet`.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures latency and memory.",
    discussion: """
      The input is zeros: latency does not depend on it.
      Examples: martlet bench network.martlet --runs 200 --profile
                martlet bench network.martlet --report latency.html
      MARTLET_ISA=scalar (or avx2, avxvnni, avx512vnni; on ARM neon, neon-dotprod, neon-i8mm) forces a kernel
      family.
      """)

  @Argument(
    help: "A packed model, or a float network (.onnx, .tflite), which is evaluated in float.",
    completion: .file(extensions: ["martlet", "onnx", "tflite"]))
  var model: String

  @Option(help: "Threads that share the work of each operator.")
  var threads = 1

  @Option(help: "Timed runs after warm-up; by default about two seconds' worth.")
  var runs: Int?

  @Flag(help: "Also measure each operator, on one thread.")
  var profile = false

  @Option(help: "Write a page with charts of the runs and the operators (.html).", completion: .file())
  var report: String?

  @OptionGroup var source: FloatSourceOptions

  @OptionGroup var output: OutputOptions

  struct Latency: Encodable {
    let min: Double
    let median: Double
    let p90: Double
    let p99: Double

    /// Of durations in nanoseconds, in milliseconds.
    init(_ nanoseconds: [UInt64]) {
      let sorted = nanoseconds.sorted()
      func quantile(_ share: Double) -> Double {
        Double(sorted[Swift.min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1e6
      }
      min = quantile(0)
      median = quantile(0.5)
      p90 = quantile(0.9)
      p99 = quantile(0.99)
    }
  }

  struct OperatorTime: Encodable {
    let name: String
    let kind: String
    let medianUs: Double
    let macs: Int
  }

  struct Result: Encodable {
    let isa: String
    let threads: Int
    let runs: Int
    let latencyMs: Latency
    let macs: Int
    let gmacPerS: Double
    let arenaBytes: Int
    let modelBytes: Int
    let peakRssBytes: Int
    /// Resident memory that is no file's.
    let privateBytes: Int
    let allocations: Int
    /// With --profile or --report: what the kernels reach on data in the nearest cache, one thread.
    let peakGmacPerS: Double?
    let operators: [OperatorTime]
  }

  func validate() throws {
    guard (1...ThreadsError.most).contains(threads) else {
      throw ValidationError("--threads must be 1 to \(ThreadsError.most).")
    }
    if let runs, runs < 1 { throw ValidationError("--runs must be at least 1.") }
    if let report, !report.hasSuffix(".html") { throw ValidationError("--report names a .html file.") }
  }

  func run() throws {
    guard MappedFile.isPackedModel(model) else {
      guard !profile else { throw ValidationError("--profile is for packed models.") }
      let result = try FloatBench(try source.load(model), threads: threads, runs: runs)
      try write(
        BenchPage(
          title: title, latency: result.latencyMs, nanoseconds: result.nanoseconds, threads: threads))
      return try output.emit(result) { result.show() }
    }
    let packed = try PackedModel(model, threads: threads)
    for index in 0..<packed.inputCount where index > 0 || !packed.takesRows {
      let record = packed.input(index)
      let count = Int(record.height) * Int(record.width) * Int(record.channels)
      try packed.setInput(index, reals: [Float](repeating: 0, count: count))
    }
    let durations = measure(packed)
    let operators = try operatorTimes(packed, runs: min(durations.nanoseconds.count, 200))
    let latency = Latency(durations.nanoseconds)
    let macs = try packed.inspect { Int($0.header.macs) }
    let result = Result(
      isa: packed.kernelFamily, threads: threads, runs: durations.nanoseconds.count, latencyMs: latency, macs: macs,
      gmacPerS: Double(macs) / (latency.median * 1e6), arenaBytes: packed.arenaBytes,
      modelBytes: packed.file.bytes.count, peakRssBytes: Int(martlet_host_peak_resident_bytes()),
      privateBytes: Int(martlet_host_private_bytes()),
      allocations: durations.allocations,
      peakGmacPerS: profile || report != nil ? peakRate(of: martlet_best_kernels()) : nil, operators: operators)
    try write(BenchPage(title: title, result: result, nanoseconds: durations.nanoseconds))
    try output.emit(result) { show(result) }
  }

  private var title: String { "Speed of \(URL(fileURLWithPath: model).lastPathComponent)" }

  /// Writes the page, where one was asked for, whole or not at all.
  private func write(_ page: @autoclosure () -> BenchPage) throws {
    if let report { try AtomicFile.write(Array(page().html.utf8), to: report) }
  }

  private func measure(_ packed: PackedModel) -> (nanoseconds: [UInt64], allocations: Int) {
    let first = martlet_host_nanoseconds()
    for _ in 0..<3 { packed.run() }
    let warmUp = max(1, (martlet_host_nanoseconds() - first) / 3)
    let count = runs ?? Int(max(10, min(2000, 2_000_000_000 / warmUp)))
    var nanoseconds = [UInt64](repeating: 0, count: count)
    let allocationsBefore = allocation_counter_count()
    for index in 0..<count {
      let start = martlet_host_nanoseconds()
      packed.run()
      nanoseconds[index] = martlet_host_nanoseconds() - start
    }
    return (nanoseconds, Int(allocation_counter_count() - allocationsBefore))
  }

  private func operatorTimes(_ packed: PackedModel, runs: Int) throws -> [OperatorTime] {
    var samples = [[UInt64]](repeating: [], count: packed.operatorCount)
    var durations = [UInt64](repeating: 0, count: packed.operatorCount)
    for _ in 0..<max(5, runs) {
      packed.run(profile: &durations)
      for index in samples.indices { samples[index].append(durations[index]) }
    }
    return try packed.inspect { model in
      var times: [OperatorTime] = []
      for index in 0..<model.operatorCount {
        let record = model.operatorRecord(index)
        times.append(
          OperatorTime(
            name: String(model.name(record.name)), kind: "\(model.kind(ofOperator: index))",
            medianUs: Latency(samples[index]).median * 1000, macs: Int(record.macs)))
      }
      return times
    }
  }

  private func show(_ result: Result) {
    let latency = result.latencyMs
    print(
      "latency      \(latency.median.digits(3)) ms median, \(latency.min.digits(3)) min, "
        + "\(latency.p90.digits(3)) p90, \(latency.p99.digits(3)) p99 (\(result.runs) runs, \(result.threads) thread\(threads == 1 ? "" : "s"))"
    )
    print("kernels      \(result.isa), \(result.gmacPerS.digits(1)) GMAC/s")
    print("arena        \(result.arenaBytes.grouped) bytes")
    print("model file   \(result.modelBytes.grouped) bytes")
    print("allocations  \(result.allocations) while running")
    print(
      "process      \(result.peakRssBytes.grouped) bytes resident at most, \(result.privateBytes.grouped) private")
    guard profile else { return }
    let peak = result.peakGmacPerS ?? 0
    print("peak         \(peak.digits(0)) GMAC/s on data in the nearest cache, one thread")
    print("")
    var table = Table("µs", "GMAC/s", "of peak", "kind", "operator")
    for entry in result.operators {
      let rate = Double(entry.macs) / entry.medianUs / 1000
      let hasRate = entry.macs > 0 && entry.medianUs > 0
      table.add(
        entry.medianUs.digits(1), hasRate ? rate.digits(1) : "-", hasRate ? "\((rate / peak * 100).digits(0)) %" : "-",
        entry.kind, entry.name)
    }
    table.print()
  }
}
