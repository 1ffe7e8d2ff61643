import Archives
import Compiler
import Datasets
import Graph
import Martlet

/// Anything that gives scores for one input: a packed model, or a float network evaluated in float.
protocol Classifier: AnyObject {
  /// Scores of each class.
  func scores(_ content: Dataset.Content) throws -> [Float]
  /// Class names, if the model knows them.
  var labels: [String] { get }
  /// How pictures become inputs, if they do.
  var preprocessing: Preprocessing? { get }
}

/// One picture or one array from a file.
func itemContent(_ path: String) throws -> Dataset.Content {
  guard path.lowercased().hasSuffix(".npy") else { return .image(try Image(contentsOf: path)) }
  let array = try NumpyArray(contentsOf: path)
  return .tensor(shape: array.shape, values: array.floats())
}

/// A packed model as a classifier.
final class PackedClassifier: Classifier {
  let model: PackedModel
  let preprocessing: Preprocessing?
  var labels: [String] { model.labels }

  init(_ path: String, head: String? = nil) throws {
    model = try PackedModel(path, head: head)
    preprocessing = try model.preprocessing?.rules()
  }

  func scores(_ content: Dataset.Content) throws -> [Float] {
    try setInput(content)
    model.run()
    return try model.outputReals()
  }

  /// Puts one item into an input.
  func setInput(_ content: Dataset.Content, index: Int = 0) throws {
    switch content {
    case .image(let image):
      guard let preprocessing else { throw ToolError.noPreprocessing(model.file.path) }
      try model.setInput(pixels: preprocessing.pixels(of: image).pixels)
    case .bytes(let bytes):
      if preprocessing != nil {
        try model.setInput(pixels: bytes)
      } else {
        try model.setInput(index, quantized: bytes.map { Int8(bitPattern: $0) })
      }
    case .tensor(let shape, let values):
      let record = model.input(index)
      let wanted = [Int(record.height), Int(record.width), Int(record.channels)]
      try model.setInput(index, reals: try arranged(values, shape: shape, as: wanted, file: model.file.path))
    }
  }
}

/// A float network as a classifier.
final class FloatClassifier: Classifier {
  let graph: Graph
  let preprocessing: Preprocessing?
  var labels: [String] { graph.labels }
  private let evaluator: Evaluator
  private let path: String

  init(_ path: String, source: FloatSourceOptions, preprocessing: PreprocessingOptions) throws {
    self.path = path
    graph = try source.load(path)
    guard let input = graph.inputs.first else { throw ToolError("\(path): the network has no input.") }
    self.preprocessing = try preprocessing.preprocessing(for: graph[input].shape)
    evaluator = Evaluator(graph)
  }

  func scores(_ content: Dataset.Content) throws -> [Float] {
    try outputs([content])[0].values
  }

  /// All outputs for one item an input.
  func outputs(_ contents: [Dataset.Content]) throws -> [Tensor] {
    let inputs = try zip(graph.inputs, contents).map { id, content in
      try inputTensor(content, shape: graph[id].shape, preprocessing: preprocessing, file: path)
    }
    return try evaluator.run(inputs)
  }
}

/// The float tensor of one item for an input of `shape`.
func inputTensor(
  _ content: Dataset.Content, shape: [Int], preprocessing: Preprocessing?, file: String
) throws -> Tensor {
  switch content {
  case .image(let image):
    guard let preprocessing else { throw ToolError.noPreprocessing(file) }
    return Tensor(shape: shape, values: preprocessing.tensorValues(of: image))
  case .bytes(let bytes):
    guard bytes.count == shape.reduce(1, *) else { throw ToolError.size(shape, bytes.count, file) }
    return Tensor(shape: shape, values: preprocessing?.values(of: bytes) ?? bytes.map { Float(Int8(bitPattern: $0)) })
  case .tensor(let given, let values):
    return Tensor(
      shape: shape, values: try arranged(values, shape: given, as: Array(shape.dropFirst()), file: file))
  }
}

/// Values in the order H×W×C of `wanted` (of a signal L×C), from an array of that shape or of C×H×W (C×L), with or without
/// axes of one before it.
func arranged(_ values: [Float], shape: [Int], as wanted: [Int], file: String) throws -> [Float] {
  guard values.count == wanted.reduce(1, *) else { throw ToolError.size(wanted, values.count, file) }
  let places = Array(wanted.drop { $0 == 1 })
  let given = Array(shape.drop { $0 == 1 })
  guard (2...3).contains(places.count), given != places, let channels = places.last,
    given == [channels] + Array(places[..<(places.count - 1)])
  else { return values }
  let plane = values.count / channels
  return values.indices.map { index in values[index % channels * plane + index / channels] }
}

extension ToolError {
  static func noPreprocessing(_ file: String) -> ToolError {
    ToolError(
      "\(file) does not say how a picture becomes its input: convert it with --preset (or --mean and --std), or give "
        + ".npy arrays.")
  }

  static func size(_ wanted: [Int], _ count: Int, _ file: String) -> ToolError {
    ToolError("\(file) takes \(wanted.text) values; the input has \(count).")
  }
}
