import ArgumentParser
import Compiler
import Foundation
import Graph
import Martlet

/// `martlet inspect MODEL`.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints what is in a model: shapes, operators, memory, provenance.",
    discussion: """
      Examples: martlet inspect network.martlet --memory memory.html
                martlet inspect network.martlet --report report.html
                martlet inspect detector.martlet classifier.martlet
      Of several packed models it prints the arena that they can share when they run one after the other.
      """)

  @Argument(
    help: "A packed model (.martlet) or a network (.onnx, .tflite, or a checkpoint with --architecture).",
    completion: .file())
  var models: [String]

  private var model: String { models[0] }

  @Option(help: "Draw the arena over time, and what makes its peak, into a .html or .svg file.", completion: .file())
  var memory: String?

  @Option(help: "Write a page of all that, with charts of memory, work and weights (.html).", completion: .file())
  var report: String?

  @OptionGroup var source: FloatSourceOptions
  @OptionGroup var output: OutputOptions

  struct TensorSummary: Encodable {
    let name: String
    let shape: [Int]
    var elementType: String?
    var scale: Float?
    var zeroPoint: Int?
  }

  struct OperatorSummary: Encodable {
    let name: String
    let kind: String
    let input: [[Int]]
    let output: [Int]
    let macs: Int
    let weightsBytes: Int
    let scratchBytes: Int
  }

  struct Result: Encodable {
    var formatVersion: Int?
    var fileBytes: Int?
    var arenaBytes: Int?
    /// Whether the first input is given row by row.
    var takesRows: Bool?
    var turns: Int?
    var weightsBytes: Int
    let parameters: Int
    let macs: Int
    let inputs: [TensorSummary]
    let outputs: [TensorSummary]
    let operators: [OperatorSummary]
    var labels: Int?
    var provenance: [String]?
    var limits: [String: Int]?
  }

  private struct SharedResult: Encodable {
    struct Model: Encodable {
      let model: String
      let arenaBytes: Int
    }

    let models: [Model]
    let sharedArenaBytes: Int
    let separateArenaBytes: Int
  }

  func validate() throws {
    guard !models.isEmpty else { throw ValidationError("Name a model.") }
    if let report, !report.hasSuffix(".html") { throw ValidationError("--report names a .html file.") }
    if report != nil, models.count > 1 { throw ValidationError("--report shows one model.") }
    if memory != nil, models.count > 1 { throw ValidationError("--memory draws one model.") }
    if let memory, !memory.hasSuffix(".html"), !memory.hasSuffix(".svg") {
      throw ValidationError("--memory names a .html or .svg file.")
    }
  }

  func run() throws {
    guard models.count == 1 else { return try showShared() }
    if let memory { try draw(to: memory) }
    let result = MappedFile.isPackedModel(model) ? try packed() : try float()
    if let report {
      let map = MappedFile.isPackedModel(model) ? try PackedModel(model).inspect { MemoryMap($0) } : nil
      let page = InspectPage(title: URL(fileURLWithPath: model).lastPathComponent, result: result, memory: map)
      try AtomicFile.write(Array(page.html.utf8), to: report)
    }
    try output.emit(result) { show(result) }
  }

  /// Sessions in one arena: each needs its own bytes while it runs, and none afterwards.
  private func showShared() throws {
    let found = try models.map { SharedResult.Model(model: $0, arenaBytes: try PackedModel($0).arenaBytes) }
    let result = SharedResult(
      models: found, sharedArenaBytes: found.map(\.arenaBytes).max() ?? 0,
      separateArenaBytes: found.reduce(0) { $0 + $1.arenaBytes })
    try output.emit(result) {
      for entry in found { print("arena        \(entry.arenaBytes.grouped) bytes, \(entry.model)") }
      print(
        "together     \(result.sharedArenaBytes.grouped) bytes in one arena, one network after the other "
          + "(\(result.separateArenaBytes.grouped) in arenas of their own)")
    }
  }

  private func draw(to path: String) throws {
    guard MappedFile.isPackedModel(model) else {
      throw ToolError("\(model) is not packed, so that it has no memory plan: convert it first.")
    }
    let chart = MemoryChart(
      map: try PackedModel(model).inspect { MemoryMap($0) }, title: URL(fileURLWithPath: model).lastPathComponent)
    let text = path.hasSuffix(".svg") ? chart.svg : chart.html
    try AtomicFile.write(Array(text.utf8), to: path)
  }

  private func packed() throws -> Result {
    try PackedModel(model).inspect { verified in try Self.result(verified) }
  }

  private static func result(_ verified: borrowing Verified<Every>) throws -> Result {
    var inputs: [TensorSummary] = []
    for position in 0..<verified.inputCount { inputs.append(summary(verified, verified.inputTensor(position))) }
    var outputs: [TensorSummary] = []
    for position in 0..<verified.outputCount { outputs.append(summary(verified, verified.outputTensor(position))) }
    var operators: [OperatorSummary] = []
    for index in 0..<verified.operatorCount { operators.append(operatorSummary(verified, index)) }
    return Result(
      formatVersion: Int(verified.header.formatVersion), fileBytes: verified.fileBytes,
      arenaBytes: verified.arenaBytes, takesRows: verified.takesRows, turns: verified.turnCount,
      weightsBytes: verified.byteCount(of: .weights),
      parameters: Int(verified.header.parameters), macs: Int(verified.header.macs), inputs: inputs, outputs: outputs,
      operators: operators, labels: verified.labels.lineCount,
      provenance: String(verified.provenance).split(separator: "\n").map(String.init),
      limits: [
        "operators": Limits.operators, "tensors": Limits.tensors, "dimension": Limits.dimension,
        "file_bytes": Limits.fileBytes, "arena_bytes": Limits.arenaBytes,
      ])
  }

  private static func summary(_ verified: borrowing Verified<Every>, _ index: Int) -> TensorSummary {
    let record = verified.tensor(index)
    return TensorSummary(
      name: String(verified.name(record.name)), shape: record.shape,
      elementType: record.element.map { "\($0)" }, scale: record.scale, zeroPoint: Int(record.zeroPoint))
  }

  private static func operatorSummary(_ verified: borrowing Verified<Every>, _ index: Int) -> OperatorSummary {
    let record = verified.operatorRecord(index)
    var inputs: [[Int]] = []
    for position in 0..<Int(record.inputCount) {
      inputs.append(verified.tensor(verified.inputTensor(ofOperator: index, position)).shape)
    }
    return OperatorSummary(
      name: String(verified.name(record.name)), kind: "\(verified.kind(ofOperator: index))", input: inputs,
      output: verified.tensor(Int(record.output)).shape, macs: Int(record.macs),
      weightsBytes: Int(record.weights.bytes), scratchBytes: Int(record.scratchBytes))
  }

  private func float() throws -> Result {
    let graph = try source.load(model)
    func summary(_ id: ValueID) -> TensorSummary { TensorSummary(name: graph[id].name, shape: graph[id].shape) }
    return Result(
      weightsBytes: graph.parameterCount * 4, parameters: graph.parameterCount, macs: graph.macs,
      inputs: graph.inputs.map(summary), outputs: graph.outputs.map(summary),
      operators: graph.nodes.map { node in
        let activations = node.inputs.filter { graph[$0].constant == nil }
        let constants = node.inputs.compactMap { graph[$0].constant }
        return OperatorSummary(
          name: node.name, kind: node.operation.kind, input: activations.map { graph[$0].shape },
          output: graph[node.outputs[0]].shape,
          macs: node.operation.macs(inputs: node.inputs.map { graph[$0].shape }, output: graph[node.outputs[0]].shape),
          weightsBytes: constants.reduce(0) { $0 + $1.count * 4 }, scratchBytes: 0)
      })
  }

  private func show(_ result: Result) {
    if let version = result.formatVersion { print("format       version \(version)") }
    if let bytes = result.fileBytes { print("file         \(bytes.grouped) bytes") }
    if let bytes = result.arenaBytes { print("arena        \(bytes.grouped) bytes") }
    print("weights      \(result.weightsBytes.grouped) bytes")
    print("parameters   \(result.parameters.grouped)")
    print("MACs         \(result.macs.grouped)")
    for (title, tensors) in [("input", result.inputs), ("output", result.outputs)] {
      for tensor in tensors {
        var line = "\(title.padding(to: 12)) \(tensor.name) \(tensor.shape.placesText)"
        if let scale = tensor.scale, let zeroPoint = tensor.zeroPoint {
          line += ", \(tensor.elementType ?? ""), scale \(scale), zero point \(zeroPoint)"
        }
        print(line)
      }
    }
    if let labels = result.labels, labels > 0 { print("labels       \(labels)") }
    for line in result.provenance ?? [] { print("provenance   \(line)") }
    print("")
    var table = Table("kind", "input", "output", "MACs", "operator")
    for entry in result.operators {
      table.add(
        entry.kind, entry.input.map(\.placesText).joined(separator: " "), entry.output.placesText, entry.macs.grouped,
        entry.name)
    }
    table.print()
  }
}

extension Array where Element == Int {
  /// "224×224×3".
  var text: String { map(String.init).joined(separator: "×") }

  /// The shape of an activation; of a signal, which is an image of one row inside, L×C (or N×L×C) without that row.
  var placesText: String {
    let row = count - 3
    guard row >= 0, row <= 1, self[row] == 1, self[row + 1] > 1 else { return text }
    return enumerated().filter { $0.offset != row }.map(\.element).text
  }
}

extension String {
  /// At least `width` characters.
  func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

extension TensorRecord {
  /// Height, width, channels.
  var shape: [Int] { [Int(height), Int(width), Int(channels)] }
}
