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
      Layers whose weights have 4 bits, two to a byte, while the others keep 8: names, `all` convolutions and fully \
      connected layers, or `auto`: as many as cost 3 dB of signal to noise on the calibration inputs.
      """)
  var int4Layers: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: "Repairs to leave out: \(Repair.allCases.map(\.rawValue).joined(separator: ", ")).")
  var without: [Repair] = []

  @Flag(
    help: """
      One more repair, `reconstruction`: the weights of each layer make up for what the packed layers before it compute \
      otherwise than in float. Takes about half as long again. Not with weights of 4 bits or --activations 16.
      """)
  var reconstruct = false

  @Flag(
    help: """
      Make all repairs without measuring what each brings, which takes about as long as calibration for each; a repair \
      that does harm is not found then.
      """)
  var skipGains = false

  @Option(
    help: """
      Search the smallest file that loses at most this many points of top-1 on --data against the float network \
      (of agreement with it where --data has no labels): weights of 4 bits where they do no harm, activations of 16 where \
      8 are too few.
      """)
  var maxDrop: Double?

  @Option(
    help: "The inputs that --max-drop is measured on: half of them search, the others confirm.", completion: .file())
  var data: String?

  @Option(help: "Class names, one a line.", completion: .file())
  var labels: String?

  @Option(
    help: """
      Bytes of the arena: the fastest plan that fits, or `smallest`. By default the smallest arena that costs no time; \
      `whole` computes every layer whole.
      """)
  var arena: String?

  @Option(help: "How many threads the plan is made for; it runs with any number. More threads, fewer and larger turns.")
  var threads = 1

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
    guard (1...64).contains(threads) else { throw ValidationError("--threads is a number from 1 to 64.") }
    guard activations == 8 || activations == 16 else { throw ValidationError("--activations is 8 or 16.") }
    guard int16Layers.isEmpty || activations == 8 else {
      throw ValidationError("--int16-layers chooses layers; --activations 16 is all of them. Give one of the two.")
    }
    guard int4Layers.isEmpty || activations == 8 else {
      throw ValidationError("--int4-layers needs activations of 8 bits: leave --activations out.")
    }
    if let maxDrop, !(0...100).contains(maxDrop) { throw ValidationError("--max-drop is 0 to 100 points.") }
    guard (maxDrop == nil) == (data == nil) else {
      throw ValidationError("--max-drop POINTS and --data DIR belong together.")
    }
    guard maxDrop == nil || randomWeights == nil else {
      throw ValidationError("An untrained network has no accuracy to keep: leave --max-drop out.")
    }
    guard maxDrop == nil || (int4Layers.isEmpty && activations == 8) else {
      throw ValidationError("--max-drop chooses the widths: leave --int4-layers and --activations out.")
    }
    guard !reconstruct || (int4Layers.isEmpty && activations == 8 && maxDrop == nil) else {
      throw ValidationError("--reconstruct is for weights and activations of 8 bits: leave the other widths out.")
    }
    guard !reconstruct || !without.contains(.rounding) else {
      throw ValidationError("--reconstruct needs the repair `rounding`: leave one of the two out.")
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
      guard maxDrop == nil else {
        throw ToolError("\(model) is quantized already and keeps its own widths: leave --max-drop out.")
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
    guard let budget = try widthBudget(graph, data, rules, labels: options.labels) else {
      return try finish(try compileShowingProgress(graph, data, options))
    }
    let (compiled, search) = try showingProgress(of: data.count) { progress in
      try compile(graph, calibration: data, budget: budget, options: options, progress: progress)
    }
    try finish(compiled, WidthReport(search, maxDrop: maxDrop))
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
    switch int4Layers {
    case []: options.weights = .int8
    case ["all"]: options.weights = .int4
    // An int8 network's weights are kept: all that fit. A float network is searched.
    case ["auto"]: options.weights = graph.isQuantized ? .int4 : .int8
    default: options.weights = .int4Layers(Set(int4Layers))
    }
    options.labels = try readLabels(graph)
    options.preprocessing = rules.map(PreprocessingRecord.init)
    options.reconstructsLayers = reconstruct
    for repair in without { options[repair] = false }
    options.measuresRepairs = !skipGains
    options.arena = arenaGoal!
    options.pushesInput = pushRows
    options.threads = threads
    options.packsWholeTensors = try terms?.comparesLatency ?? false
    if try terms?.limitsDrop ?? false { options.checkedExamples = calibrationImages }
    options.reportsOtherInput = true
    options.provenance = origin + [("converter", "martlet \(toolVersion)")]
    return options
  }

  private func compileShowingProgress(
    _ graph: Graph, _ data: CalibrationData, _ options: CompileOptions
  ) throws -> CompiledModel {
    try showingProgress(of: data.count) { progress in
      try compile(graph, calibration: data, options: options, progress: progress)
    }
  }

  /// Runs `body`, which tells of each step's name and share done, and shows that as so many inputs.
  private func showingProgress<Result>(
    of count: Int, _ body: (_ progress: (_ step: String, _ share: Double) -> Void) throws -> Result
  ) throws -> Result {
    var progress: (step: String, line: Progress)?
    defer { progress?.line.finish() }
    return try body { step, share in
      if progress?.step != step {
        progress?.line.finish()
        progress = (step, Progress(step))
      }
      progress?.line.update(Int((share * Double(count)).rounded()), of: count)
    }
  }

  /// Whether calibration inputs are arrays of real numbers, ready for the network: then nothing says that its inputs are
  /// pictures, and their range is that of the numbers.
  private func calibratesWithNumbers(_ graph: Graph) throws -> Bool {
    guard let calibrate, !graph.isQuantized else { return false }
    if case .tensor = try Dataset.open(calibrate, split: .training).item(0).content { return true }
    return false
  }

  private var terms: Contract? { get throws { try contract.map { try Contract(contentsOf: $0) } } }

  private func finish(_ compiled: CompiledModel, _ widths: WidthReport? = nil) throws {
    let clauses = try terms?.clauses(compiled)
    if let clauses, clauses.contains(where: { !$0.isKept }) {
      try output.emit(BrokenContract(contract: clauses)) {}
      note("\(contract ?? "") is broken, and nothing was written:")
      for clause in clauses where !clause.isKept { note("  \(clause.term): \(clause.text)") }
      throw ExitCode(Contract.exitCode)
    }
    try AtomicFile.write(compiled.bytes, to: out)
    try report(compiled, clauses, widths)
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
