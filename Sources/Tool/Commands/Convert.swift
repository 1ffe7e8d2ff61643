import ArgumentParser
import Compiler
import Datasets
import Foundation
import Graph
import Martlet

/// `martlet convert MODEL -o OUT.martlet`.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Calibrates, quantizes and packs a float network, or packs an int8 one as it is.",
    discussion: """
      Example: martlet convert network.onnx --preset imagenet --calibrate photos/ --labels labels.txt -o network.martlet
      Some tens of typical inputs suffice for calibration. Preprocessing and labels go into the file.
      An int8 network (.tflite) keeps its own scales, weights and biases, and needs no --calibrate.
      For measuring, without a trained network: martlet convert --architecture resnet-18 --random-weights 1 -o untrained.martlet
      """)

  @Argument(help: "A network (.onnx, .tflite), or a checkpoint with --architecture.", completion: .file())
  var model: String?

  @Option(
    help: """
      Instead of MODEL: the architecture with random weights of this seed, calibrated on random inputs unless \
      --calibrate is given. It has learned nothing; it serves to measure time and memory.
      """)
  var randomWeights: UInt64?

  @Option(
    help: "Typical inputs: a folder of pictures (sub-folders too), or a .npy or .npz of arrays.", completion: .file())
  var calibrate: String?

  @Option(help: "Calibrate with at most this many inputs, spread over the data set.")
  var calibrationImages = 100

  @Option(help: "How ranges are chosen: mse, min-max, kl, or percentile-P such as percentile-99.99.")
  var calibrationMethod = "\(CalibrationMethod.defaultMethod)"

  @Option(help: "Bits of activations: 8, or 16 (weights keep 8).")
  var activations = 8

  @Option(parsing: .upToNextOption, help: "Layers whose results have 16 bits while the others keep 8.")
  var int16Layers: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: """
      Layers whose weights have 4 bits, two to a byte, while the others keep 8: names, or `all` convolutions and fully \
      connected layers.
      """)
  var int4Layers: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: "Repairs to leave out: \(Repair.allCases.map(\.rawValue).joined(separator: ", ")).")
  var without: [Repair] = []

  @Flag(help: "Do not measure what each repair brings, which takes about as long as calibration for each.")
  var skipGains = false

  @Option(help: "Class names, one a line.", completion: .file())
  var labels: String?

  @Option(
    help: """
      Bytes of the arena: the fastest plan that fits, or `smallest`. By default the smallest arena that costs no time; \
      `whole` computes every layer whole.
      """)
  var arena: String?

  @Flag(help: "The first input is given row by row as a camera delivers it, so that the arena need not hold it.")
  var pushRows = false

  @Option(
    help: """
      A JSON file of limits: arena_bytes, flash_bytes, maximum_drop, float_operators, latency_ratio. When one is broken, \
      nothing is written and the exit code is 3.
      """, completion: .file())
  var contract: String?

  @Option(name: .shortAndLong, help: "The packed model to write.", completion: .file())
  var out: String

  @OptionGroup var source: FloatSourceOptions
  @OptionGroup var preprocessing: PreprocessingOptions
  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let model: String
    let fileBytes: Int
    let arenaBytes: Int
    let arenaLowerBoundBytes: Int
    /// With the first input inside, and given row by row.
    let arenaBytesWholeInput: Int?
    let arenaBytesPushedRows: Int?
    let parameters: Int
    let macs: Int
    let calibrationImages: Int
    let checkedImages: Int
    let top1Agreement: Double?
    let signalToNoiseDb: Double
    let largestError: Float
    let notes: [String]
    let repairs: [RepairResult]
    let contract: [Contract.Clause]?
  }

  private struct RepairResult: Encodable {
    let repair: String
    let isOn: Bool
    let gainDb: Double?
  }

  /// What is printed when nothing is written.
  private struct BrokenContract: Encodable {
    let contract: [Contract.Clause]
  }

  func validate() throws {
    guard (model == nil) == (randomWeights != nil) else {
      throw ValidationError("Give either a MODEL, or --architecture NAME --random-weights SEED.")
    }
    guard randomWeights == nil || source.architecture != nil else {
      throw ValidationError("--random-weights needs --architecture NAME; `martlet architectures` prints them.")
    }
    guard calibrationImages > 0 else { throw ValidationError("--calibration-images must be at least 1.") }
    guard arenaGoal != nil else {
      throw ValidationError("--arena is a number of bytes, `smallest` or `whole`.")
    }
    guard activations == 8 || activations == 16 else { throw ValidationError("--activations is 8 or 16.") }
    guard int16Layers.isEmpty || activations == 8 else {
      throw ValidationError("--int16-layers chooses layers; --activations 16 is all of them. Give one of the two.")
    }
    guard int4Layers.isEmpty || activations == 8 else {
      throw ValidationError("--int4-layers needs activations of 8 bits: leave --activations out.")
    }
    guard Set(int4Layers).isDisjoint(with: int16Layers) else {
      throw ValidationError("A layer is named by --int4-layers and by --int16-layers: choose one of the two.")
    }
    guard CalibrationMethod(calibrationMethod) != nil else {
      throw ValidationError("--calibration-method is one of mse, min-max, kl, percentile-P with 0 < P ≤ 100.")
    }
  }

  private var arenaGoal: ArenaGoal? {
    switch arena {
    case nil: .automatic
    case "smallest": .smallest
    case "whole": .wholeTensors
    case let text?: Int(text).flatMap { $0 > 0 ? .bytes($0) : nil }
    }
  }

  func run() throws {
    _ = try terms
    if let randomWeights { return try convertUntrained(seed: randomWeights) }
    guard let model else { return }
    let graph = try source.load(model)
    guard let input = graph.inputs.first else { throw ToolError("\(model): the network has no input.") }
    var rules = try preprocessing.preprocessing(for: graph[input].shape)
    if rules != nil, !preprocessing.isGiven, try calibratesWithNumbers(graph) { rules = nil }
    if rules != nil, !preprocessing.isGiven {
      note("no --preset, --mean or --std: pixels go into the network as 0–255")
    }
    let options = try compileOptions(
      graph, rules,
      origin: [
        ("source", URL(fileURLWithPath: model).lastPathComponent), ("source checksum", try checksum(model)),
      ])
    if graph.isQuantized {
      guard options.activations == .int8 else {
        throw ToolError("\(model) is quantized already and keeps its own widths: leave --activations out.")
      }
      try finish(try compileQuantized(graph, options: options))
      return
    }
    guard let calibrate else {
      throw ToolError(
        "\(model) is a float network, so that it must see typical inputs: give a folder of pictures or a .npy file with "
          + "--calibrate.")
    }
    let data = try calibrationData(calibrate, graph: graph, preprocessing: rules, limit: calibrationImages)
    try finish(try compileShowingProgress(graph, data, options))
  }

  /// Packs the architecture with random weights.
  private func convertUntrained(seed: UInt64) throws {
    let network = try UntrainedNetwork(
      source.architecture ?? "", options: source.options(seed: seed), inputCount: min(calibrationImages, 8))
    note("\(network.source); its answers mean nothing")
    let isGiven = preprocessing.isGiven
    let rules =
      isGiven
      ? try preprocessing.preprocessing(for: network.graph[network.graph.inputs[0]].shape)
      : try network.preprocessing()
    var options = try compileOptions(network.graph, rules, origin: [("source", network.source)])
    // Fitting the rounding of random weights to random inputs takes minutes and is of no use.
    options.roundsByCovariance = false
    options.measuresRepairs = false
    var data = CalibrationData(network.inputs)
    if let calibrate {
      data = try calibrationData(calibrate, graph: network.graph, preprocessing: rules, limit: calibrationImages)
    }
    try finish(try compileShowingProgress(network.graph, data, options))
  }

  private func compileOptions(
    _ graph: Graph, _ rules: Preprocessing?, origin: [(key: String, value: String)]
  ) throws -> CompileOptions {
    var options = CompileOptions()
    options.calibrationMethod = CalibrationMethod(calibrationMethod)!
    options.activations = activations == 16 ? .int16 : int16Layers.isEmpty ? .int8 : .int16Layers(Set(int16Layers))
    options.weights = int4Layers.isEmpty ? .int8 : int4Layers == ["all"] ? .int4 : .int4Layers(Set(int4Layers))
    options.labels = try readLabels(graph)
    options.preprocessing = rules.map(PreprocessingRecord.init)
    for repair in without { options[repair] = false }
    options.measuresRepairs = !skipGains
    options.arena = arenaGoal!
    options.pushesInput = pushRows
    options.packsWholeTensors = try terms?.comparesLatency ?? false
    if try terms?.limitsDrop ?? false { options.checkedExamples = calibrationImages }
    options.reportsOtherInput = true
    options.provenance = origin + [("converter", "martlet \(toolVersion)")]
    return options
  }

  private func compileShowingProgress(
    _ graph: Graph, _ data: CalibrationData, _ options: CompileOptions
  ) throws -> CompiledModel {
    var progress: (step: String, line: Progress)?
    let compiled = try compile(graph, calibration: data, options: options) { step, share in
      if progress?.step != step {
        progress?.line.finish()
        progress = (step, Progress(step))
      }
      progress?.line.update(Int((share * Double(data.count)).rounded()), of: data.count)
    }
    progress?.line.finish()
    return compiled
  }

  /// Whether calibration inputs are arrays of real numbers, ready for the network: then nothing says that its inputs are
  /// pictures, and their range is that of the numbers.
  private func calibratesWithNumbers(_ graph: Graph) throws -> Bool {
    guard let calibrate, !graph.isQuantized else { return false }
    if case .tensor = try Dataset.open(calibrate, split: .training).item(0).content { return true }
    return false
  }

  private var terms: Contract? { get throws { try contract.map { try Contract(contentsOf: $0) } } }

  private func finish(_ compiled: CompiledModel) throws {
    let clauses = try terms?.clauses(compiled)
    if let clauses, clauses.contains(where: { !$0.isKept }) {
      try output.emit(BrokenContract(contract: clauses)) {}
      note("\(contract ?? "") is broken, and nothing was written:")
      for clause in clauses where !clause.isKept { note("  \(clause.term): \(clause.text)") }
      throw ExitCode(Contract.exitCode)
    }
    try AtomicFile.write(compiled.bytes, to: out)
    try report(compiled, clauses)
  }

  private func report(_ compiled: CompiledModel, _ clauses: [Contract.Clause]?) throws {
    let report = compiled.report
    let result = Result(
      model: out, fileBytes: compiled.bytes.count, arenaBytes: report.arenaBytes,
      arenaLowerBoundBytes: report.lowerBoundBytes,
      arenaBytesWholeInput: pushRows ? report.otherInputArenaBytes : report.arenaBytes,
      arenaBytesPushedRows: pushRows ? report.arenaBytes : report.otherInputArenaBytes, parameters: report.parameters,
      macs: report.macs,
      calibrationImages: report.calibrationExamples, checkedImages: report.agreement.examples,
      top1Agreement: report.agreement.top1, signalToNoiseDb: report.agreement.signalToNoiseDecibels,
      largestError: report.agreement.largestError, notes: report.notes,
      repairs: report.repairs.map {
        RepairResult(repair: $0.repair.rawValue, isOn: $0.isOn, gainDb: $0.gainDecibels)
      }, contract: clauses)
    try output.emit(result) {
      print("written      \(out), \(result.fileBytes.grouped) bytes, \(result.parameters.grouped) parameters")
      print("arena        \(result.arenaBytes.grouped) bytes (lower bound \(result.arenaLowerBoundBytes.grouped))")
      if let whole = result.arenaBytesWholeInput, let pushed = result.arenaBytesPushedRows {
        print("             \(whole.grouped) with the first input inside, \(pushed.grouped) with its rows pushed")
      }
      for clause in clauses ?? [] {
        print("contract     \(clause.term) \(Contract.number(clause.measured)) of \(Contract.number(clause.limit))")
      }
      guard result.checkedImages > 0 else {
        print("quantization of the source, kept as it is")
        for text in Self.condensed(result.notes) { print("note         \(text)") }
        return
      }
      print("calibrated   on \(result.calibrationImages) inputs, ranges by \(calibrationMethod)")
      let kind = activations == 16 ? "int16" : "int8"
      var line = "\(kind) ~ float \(result.signalToNoiseDb.digits(1)) dB signal to noise"
      if let agreement = result.top1Agreement {
        line +=
          ", the same first class on \((agreement * 100).digits(1)) % of \(result.checkedImages) calibration inputs"
      }
      print(line)
      for repair in result.repairs {
        let gain = repair.gainDb.map { "\($0 < 0 ? "" : "+")\($0.digits(1)) dB" } ?? "made"
        print("repair       \(repair.repair.padding(to: 16)) \(repair.isOn ? gain : "left out")")
      }
      for text in Self.condensed(result.notes) { print("note         \(text)") }
    }
  }

  /// Notes that say the same of several places, as one line each.
  private static func condensed(_ notes: [String]) -> [String] {
    var order: [String] = []
    var places: [String: [String]] = [:]
    for note in notes {
      let parts = note.split(separator: ":", maxSplits: 1).map(String.init)
      let text = parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : note
      if places[text] == nil { order.append(text) }
      places[text, default: []].append(parts[0])
    }
    return order.map { text in
      let all = places[text] ?? []
      guard all.count > 3 else { return all.map { $0 == text ? text : "\($0): \(text)" }.joined(separator: "; ") }
      return "\(all.count) places, the first \(all[0]): \(text) (--json lists them)"
    }
  }

  private func readLabels(_ graph: Graph) throws -> [String] {
    guard let labels else { return graph.labels }
    guard let text = try? String(contentsOfFile: labels, encoding: .utf8) else {
      throw ToolError("\(labels) cannot be read as UTF-8 text: give a file with one class name a line.")
    }
    var lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
    while lines.last == "" { lines.removeLast() }
    let classes = graph.outputs.first.map { graph[$0].shape.last ?? 0 } ?? 0
    guard lines.count == classes || graph.outputs.isEmpty else {
      throw ToolError("\(labels) has \(lines.count) names, but the network has \(classes) classes.")
    }
    return lines
  }

  private func checksum(_ path: String) throws -> String {
    let hash = try MappedFile(path).withBytes { FowlerNollVoHash($0) }
    return "fnv1a-64 " + String(hash.value, radix: 16)
  }
}

/// Inputs of `graph` from a data set, spread evenly over it, decoded when they are asked for; of two halves the training one,
/// unless told otherwise.
func calibrationData(
  _ path: String, graph: Graph, preprocessing: Preprocessing?, limit: Int, split: Dataset.Split = .training
) throws -> CalibrationData {
  guard graph.inputs.count == 1 else {
    throw ToolError("\(graph.name) has \(graph.inputs.count) inputs; calibration takes networks with one.")
  }
  let inputs = try TypicalInputs(path, limit: limit, split: split)
  let shape = graph[graph.inputs[0]].shape
  return CalibrationData(count: inputs.count) { index in
    [try inputTensor(inputs.item(index).content, shape: shape, preprocessing: preprocessing, file: path)]
  }
}

extension Repair: ExpressibleByArgument {}
