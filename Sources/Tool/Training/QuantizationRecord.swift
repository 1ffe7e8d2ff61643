import Architectures
import Compiler
import Foundation
import Graph
import Importers

/// What quantization-aware training leaves beside the folded weights: which network it was and each value's quantization.
///
/// It is text in a safetensors file, whose tensors are called LAYER/1 (weights) and LAYER/2 (bias), in the graph's layout.
struct QuantizationRecord: Codable {
  /// How the network was built.
  struct Design: Codable, Equatable {
    let name: String
    let classes: Int?
    let width: Double
    /// Height and width of the pictures; nil: the architecture's.
    let inputSize: [Int]?

    /// Of a network that is built with these options.
    init(_ known: any Architecture, _ options: ArchitectureOptions) {
      (name, classes, width) = (known.name, options.classes, options.width)
      inputSize = options.inputSize.map { [$0.height, $0.width] }
    }

    /// The options again.
    /// - Throws: a sentence when they make no sense.
    private func options() throws -> ArchitectureOptions {
      guard inputSize?.count ?? 2 == 2 else {
        throw ToolError("The record of \(name)'s training is damaged: its input size.")
      }
      return ArchitectureOptions(inputSize: inputSize.map { Size2D($0[0], $0[1]) }, classes: classes, width: width)
    }

    /// Whether what the command line says of the network is right; what it leaves open is.
    func fits(_ wanted: Design) -> Bool {
      wanted.name == name && wanted.classes ?? classes == classes && (wanted.width == 1 || wanted.width == width)
        && wanted.inputSize ?? inputSize == inputSize
    }

    /// The network as it is folded and fused, with meaningless weights.
    func skeleton() throws -> Graph {
      var graph = try Architectures.named(name).build(options())
      // Folding looks at which shifts are 0: in trained networks, none.
      for parameter in graph.parameters where parameter.role == .statistic || parameter.role == .bias {
        graph[parameter.id].constant = Tensor(shape: graph[parameter.id].shape, repeating: 0.5)
      }
      try simplify(&graph)
      graph.separateConstants()
      return graph
    }
  }

  /// How real numbers became int8 values.
  struct Rule: Codable, Equatable {
    let scale: Float
    let zeroPoint: Int32

    func quantization(_ path: String) throws -> Quantization {
      let rule = Quantization(scale: scale, zeroPoint: zeroPoint)
      guard rule.isPossible else {
        throw ToolError("\(path) is damaged: it has the scale \(scale) with the zero point \(zeroPoint).")
      }
      return rule
    }
  }

  /// A layer and the quantization of its result.
  struct Layer: Codable {
    let name: String
    let kind: String
    let rule: Rule
  }

  var version = 1
  let design: Design
  let inputs: [Rule]
  let layers: [Layer]

  private static let key = "martlet quantization"

  /// Of a network whose every value has a quantization.
  init(_ network: Graph, _ design: Design) throws {
    func rule(_ id: ValueID) throws -> Rule {
      guard let rule = network[id].quantization else { throw ToolError("\(network[id].name) has no quantization.") }
      return Rule(scale: rule.scale, zeroPoint: rule.zeroPoint)
    }
    self.design = design
    inputs = try network.inputs.map(rule)
    layers = try network.nodes.map { Layer(name: $0.name, kind: $0.operation.kind, rule: try rule($0.outputs[0])) }
  }

  /// Of a file's texts; nil when they are of a float network.
  /// - Throws: a sentence when the record is damaged or of another version.
  init?(_ metadata: [String: String], from path: String) throws {
    guard let text = metadata[Self.key] else { return nil }
    guard let record = try? JSONDecoder().decode(QuantizationRecord.self, from: Data(text.utf8)), record.version == 1
    else { throw ToolError("\(path) was written by another version, or is damaged: train it again.") }
    self = record
  }

  /// The texts of a file.
  func metadata() throws -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return [Self.key: String(decoding: try encoder.encode(self), as: UTF8.self)]
  }

  /// Gives each value of the folded network its quantization.
  /// - Throws: a sentence when the network has other layers.
  func apply(to network: inout Graph, from path: String) throws {
    guard inputs.count == network.inputs.count, layers.map(\.name) == network.nodes.map(\.name),
      layers.map(\.kind) == network.nodes.map(\.operation.kind)
    else {
      throw ToolError(
        "\(path): the layers are not those that \(design.name) has when it is folded: train it again, beginning with trained weights (--from)."
      )
    }
    for (rule, id) in zip(inputs, network.inputs) { network[id].quantization = try rule.quantization(path) }
    for (layer, node) in zip(layers, network.nodes) {
      network[node.outputs[0]].quantization = try layer.rule.quantization(path)
    }
  }

  /// The constants of a network's layers.
  static func tensors(of network: Graph) -> [(name: String, tensor: Tensor)] {
    network.nodes.flatMap { node in
      node.inputs.enumerated().compactMap { position, id in
        network[id].constant.map { ("\(node.name)/\(position)", $0) }
      }
    }
  }

  /// Gives the layers their constants.
  /// - Throws: a sentence when one is missing or has another shape.
  static func load(
    _ tensors: [(name: String, tensor: Tensor)], into network: inout Graph, from path: String
  ) throws {
    let byName = Dictionary(tensors.map { ($0.name, $0.tensor) }) { $1 }
    for node in network.nodes {
      for (position, id) in node.inputs.enumerated() where network[id].constant != nil {
        guard let tensor = byName["\(node.name)/\(position)"], tensor.shape == network[id].shape else {
          throw ToolError("\(path) is damaged: \(node.name)/\(position) is missing or has another shape.")
        }
        network[id].constant = tensor
      }
    }
  }

  /// The int8 network that a file describes, ready to be packed.
  /// - Parameter wanted: how the command line says it is built.
  func network(_ file: Checkpoint, _ wanted: Design, from path: String) throws -> Graph {
    guard design.fits(wanted) else {
      throw ToolError(
        "\(path) is of \(design.name) with \(design.classes.map { "\($0)" } ?? "its own") classes, width \(design.width) and "
          + "\(design.inputSize.map { "inputs of \($0.text)" } ?? "its own inputs"): name that.")
    }
    var graph = try design.skeleton()
    try apply(to: &graph, from: path)
    try Self.load(TrainingCheckpoint.weights(of: file), into: &graph, from: path)
    return try graph.quantized(withWeightsOf: graph.simulatingQuantization())
  }
}
