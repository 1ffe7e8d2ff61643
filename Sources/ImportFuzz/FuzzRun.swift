import CHost
import Compiler
import Graph
import Importers

/// How one damaged file ended.
enum FuzzOutcome: Equatable {
  /// With an error of one sentence or more.
  case refused
  /// As a network that could not be simplified, compiled or run, with an error.
  case refusedLater
  /// As a network that went all the way that is cheap enough.
  case imported
}

/// Damages files and imports them. A crash ends the process: the case's number tells which it was.
struct FuzzRun {
  /// What was counted.
  struct Report: Encodable {
    var executions = 0
    var refused = 0
    var refusedLater = 0
    var imported = 0
    /// Of those imported, how many were packed and run in int8, and how many were evaluated in float.
    var ran = 0
    var slowestMs = 0.0
    var slowestCase = 0
    var slowestFile = ""
    /// How much the largest growth of the process's memory by one case was.
    var largestGrowthBytes = 0
    var largestGrowthCase = 0
  }

  let files: [FuzzedFile]
  let seed: UInt64
  private(set) var report = Report()

  /// Multiply-accumulates up to which an imported network is run.
  static let runnableMACs = 4_000_000
  /// Values of all activations up to which an imported network is run.
  static let runnableValues = 4_000_000

  /// Runs over `files`, which are taken in turns.
  init(files: [FuzzedFile], seed: UInt64) {
    self.files = files
    self.seed = seed
  }

  /// The damaged file of a case.
  func bytes(ofCase number: Int) -> [UInt8] {
    var random = CaseNumbers(seed: seed, number: number)
    let kind = Damage.allCases[random.number(below: Damage.allCases.count)]
    return kind.applied(to: files[number % files.count], using: &random)
  }

  /// Runs one case.
  mutating func run(case number: Int) {
    let bytes = bytes(ofCase: number)
    let memory = Int(martlet_host_peak_resident_bytes())
    let start = martlet_host_nanoseconds()
    switch finish(bytes, name: files[number % files.count].name) {
    case .refused: report.refused += 1
    case .refusedLater: report.refusedLater += 1
    case .imported: report.imported += 1
    }
    let milliseconds = Double(martlet_host_nanoseconds() - start) / 1e6
    let growth = Int(martlet_host_peak_resident_bytes()) - memory
    report.executions += 1
    if milliseconds > report.slowestMs {
      (report.slowestMs, report.slowestCase) = (milliseconds, number)
      report.slowestFile = files[number % files.count].name
    }
    if growth > report.largestGrowthBytes { (report.largestGrowthBytes, report.largestGrowthCase) = (growth, number) }
  }

  /// Import, and what may follow: cleaning, packing and one run of an int8 network, one evaluation of a float network.
  private mutating func finish(_ bytes: [UInt8], name: String) -> FuzzOutcome {
    var graph: Graph
    do throws(ImportError) {
      graph =
        name.hasSuffix(".tflite")
        ? try TFLiteImporter.read(bytes, name: name).graph : try ONNXImporter.read(bytes, name: name).graph
    } catch {
      precondition(!error.description.isEmpty)
      return .refused
    }
    do {
      let values = graph.values.reduce(0) { $0 + ($1.constant == nil ? $1.shape.reduce(1, *) : 0) }
      let isRunnable = graph.macs <= Self.runnableMACs && values <= Self.runnableValues
      if graph.isQuantized {
        let compiled = try compileQuantized(graph)
        guard isRunnable else { return .imported }
        let runner = try ModelRunner(compiled.bytes)
        _ = try runner.run(graph.inputs.map { Tensor(shape: graph[$0].shape, repeating: 0) })
        report.ran += 1
      } else {
        try simplify(&graph)
        guard isRunnable else { return .imported }
        _ = try Evaluator(graph).run(graph.inputs.map { Tensor(shape: graph[$0].shape, repeating: 0.5) })
        report.ran += 1
      }
    } catch {
      return .refusedLater
    }
    return .imported
  }
}
