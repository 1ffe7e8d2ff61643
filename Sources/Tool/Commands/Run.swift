import Archives
import ArgumentParser
import Datasets
import Foundation
import Martlet

/// `martlet run MODEL.martlet INPUT…`.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a model on pictures or .npy arrays.",
    discussion: """
      Example: martlet run network.martlet photo.jpg --top 3
      A network with several inputs takes one .npy array for each. A network (.onnx, .tflite) is evaluated in float.
      """)

  @Argument(help: "A packed model, or a float network.", completion: .file())
  var model: String

  @Argument(help: "Pictures (JPEG, PNG, BMP, PPM) or arrays (.npy).", completion: .file())
  var inputs: [String]

  @Option(help: "How many of the likeliest classes to print.")
  var top = 5

  @Option(name: .customLong("output"), help: "Also write the first output as a float32 array.", completion: .file())
  var outputFile: String?

  @Flag(help: "Arrays hold a packed model's own values: int8 or int16 goes in as it is and, with --output, comes out.")
  var quantized = false

  @Option(help: "A head patch (.martlet-head) to put on the packed model.", completion: .file())
  var head: String?

  @OptionGroup var source: FloatSourceOptions
  @OptionGroup var preprocessing: PreprocessingOptions
  @OptionGroup var output: OutputOptions

  struct OutputValues: Encodable {
    let name: String
    let shape: [Int]
    let values: [Float]
    /// The model's own values, with --quantized.
    var quantized: [Int32]?
    /// What the model's own values are: int8, int16 or int32.
    var elementType: String?

    /// Whether the values are scores of classes; int32 ones are places.
    var scoresClasses: Bool { elementType != "int32" && Ranking.scoresClasses(shape) }
  }

  struct Result: Encodable {
    let input: String
    let outputs: [OutputValues]
    let top: [RankedClass]
  }

  func validate() throws {
    guard top >= 0 else { throw ValidationError("--top must not be negative.") }
    guard !quantized || MappedFile.isPackedModel(model) else {
      throw ValidationError("--quantized needs a packed model.")
    }
    guard head == nil || MappedFile.isPackedModel(model) else { throw ValidationError("--head needs a packed model.") }
  }

  func run() throws {
    let runner: any ModelRunner =
      MappedFile.isPackedModel(model)
      ? try PackedRunner(model, head: head, isQuantized: quantized)
      : try FloatRunner(model, source: source, preprocessing: preprocessing)
    let groups = runner.inputCount > 1 ? [inputs] : inputs.map { [$0] }
    var results: [Result] = []
    for group in groups {
      guard group.count == runner.inputCount else {
        throw ToolError("\(model) has \(runner.inputCount) inputs; \(group.count) were given.")
      }
      let outputs = try runner.outputs(try group.map(content))
      let scores = outputs.first.flatMap { $0.scoresClasses ? $0.values : nil }
      let ranked = scores.map { Ranking.top(top, of: $0, labels: runner.labels) } ?? []
      results.append(Result(input: group.joined(separator: " "), outputs: outputs, top: ranked))
    }
    if let outputFile, let first = results.first?.outputs.first {
      guard let array = array(first) else {
        throw ToolError("\(outputFile): the output has no array form.")
      }
      try array.write(to: outputFile)
    }
    if results.count == 1 {
      try output.emit(results[0]) { show(results) }
    } else {
      try output.emit(results) { show(results) }
    }
  }

  /// What can be said in a line about an output that scores no classes.
  private static func summary(_ entry: OutputValues) -> String {
    let shape = entry.shape.map(String.init).joined(separator: "×")
    if entry.values.count <= 16 { return "\(entry.name): \(entry.values.map { "\($0)" }.joined(separator: " "))" }
    guard let least = entry.values.min(), let largest = entry.values.max() else { return "\(entry.name): \(shape)" }
    return "\(entry.name): \(shape), from \(least) to \(largest) (values: --json, --output)"
  }

  /// The output as an array: real values, or with --quantized the model's own.
  private func array(_ output: OutputValues) -> NumpyArray? {
    guard let values = output.quantized else { return NumpyArray(shape: output.shape, floats: output.values) }
    switch output.elementType {
    case "int8":
      return NumpyArray(shape: output.shape, int8: values.map { Int8(truncatingIfNeeded: $0) })
    case "int16":
      let bytes = values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
      return NumpyArray(shape: output.shape, element: .int16, bytes: bytes)
    default:
      let bytes = values.map(\.littleEndian).withUnsafeBytes { [UInt8]($0) }
      return NumpyArray(shape: output.shape, element: .int32, bytes: bytes)
    }
  }

  private func content(_ path: String) throws -> Dataset.Content {
    guard quantized, path.lowercased().hasSuffix(".npy") else { return try itemContent(path) }
    let array = try NumpyArray(contentsOf: path)
    guard array.element == .int8 || array.element == .int16 else {
      throw ToolError("\(path) holds \(array.element) numbers; --quantized takes int8 or int16.")
    }
    return .bytes(array.bytes)
  }

  private func show(_ results: [Result]) {
    for result in results {
      if results.count > 1 { print("\(result.input):") }
      if result.top.isEmpty {
        for entry in result.outputs { print(Self.summary(entry)) }
      }
      for entry in result.top {
        let percent = (entry.probability * 100).digits(1)
        print(
          "\(String(repeating: " ", count: max(0, 5 - percent.count)))\(percent) %  \(entry.label ?? "class \(entry.index)")"
        )
      }
    }
  }
}

/// Whatever gives all outputs for given inputs.
private protocol ModelRunner {
  var inputCount: Int { get }
  var labels: [String] { get }
  func outputs(_ inputs: [Dataset.Content]) throws -> [Run.OutputValues]
}

private struct PackedRunner: ModelRunner {
  let classifier: PackedClassifier
  let isQuantized: Bool
  var inputCount: Int { classifier.model.inputCount }
  var labels: [String] { classifier.labels }

  init(_ path: String, head: String?, isQuantized: Bool) throws {
    classifier = try PackedClassifier(path, head: head)
    self.isQuantized = isQuantized
  }

  func outputs(_ inputs: [Dataset.Content]) throws -> [Run.OutputValues] {
    let model = classifier.model
    for (index, content) in inputs.enumerated() {
      if isQuantized, case .bytes(let bytes) = content {
        try model.setInput(index, bytes: bytes)
      } else {
        try classifier.setInput(content, index: index)
      }
    }
    model.run()
    let names = try model.outputNames
    return try names.indices.map { index in
      Run.OutputValues(
        name: names[index], shape: model.output(index).shape, values: try model.outputReals(index),
        quantized: isQuantized ? try model.outputValues(index) : nil,
        elementType: model.output(index).element.map { "\($0)" })
    }
  }
}

private struct FloatRunner: ModelRunner {
  let classifier: FloatClassifier
  var inputCount: Int { classifier.graph.inputs.count }
  var labels: [String] { classifier.labels }

  init(_ path: String, source: FloatSourceOptions, preprocessing: PreprocessingOptions) throws {
    classifier = try FloatClassifier(path, source: source, preprocessing: preprocessing)
  }

  func outputs(_ inputs: [Dataset.Content]) throws -> [Run.OutputValues] {
    let graph = classifier.graph
    return zip(graph.outputs, try classifier.outputs(inputs)).map { id, tensor in
      Run.OutputValues(name: graph[id].name, shape: tensor.shape, values: tensor.values)
    }
  }
}
