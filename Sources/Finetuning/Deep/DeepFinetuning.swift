import Compiler
import Graph
import Training

/// A float classifier whose last layers, or all, are trained on new pictures; or the simulation of its int8 form, whose layers
/// are trained on after that.
///
/// What training reads of a picture is `prepared`; `DeepRun` goes through the pictures; `network` gives the result.
public struct DeepFinetuning {
  /// With the new classifier, which gives scores.
  private let whole: Graph
  /// What `whole` simulates: calibrated, with float weights; nil: nothing, it is a float network.
  private let quantized: Graph?
  let layers: UnfrozenLayers
  let options: DeepOptions
  private let frozen: Evaluator?

  /// - Parameters:
  ///   - network: a float classifier of pictures.
  ///   - classNames: the new classes, in the order of the outputs.
  ///   - beginning: weights (classes × features) and biases that the new classifier begins with, of a head that was
  ///     trained on the same features; used when their number is right.
  ///   - options: what is trained, how long, at which rates.
  /// - Throws: `FinetuneError` when the network does not end in a classifier, or is quantized.
  public init(
    _ network: Graph, classNames: [String], beginning: (weights: [Float], biases: [Float])?, options: DeepOptions
  ) throws {
    guard !network.isQuantized else {
      throw FinetuneError(
        "\(network.name) is quantized: its layers can be trained in the float network that it came from")
    }
    var classifier = try ReplacedClassifier(
      network, classes: classNames.count, keepsNormalizations: options.updatesStatistics)
    if let beginning, beginning.weights.count == classNames.count * classifier.featureCount {
      classifier.begin(with: beginning)
    }
    try self.init(classifier.graph, quantized: nil, options)
  }

  private init(_ whole: Graph, quantized: Graph?, _ options: DeepOptions) throws {
    (self.whole, self.quantized, self.options) = (whole, quantized, options)
    layers = try UnfrozenLayers(whole, layers: options.layers)
    frozen = layers.frozen.map { Evaluator($0) }
  }

  /// Quantization-aware training of the same layers, from constants that a run of this one has left.
  /// - Parameters:
  ///   - constants: what the run has left.
  ///   - calibration: pictures to learn from, as the network's input: they decide the ranges once.
  ///   - compileOptions: how the network is packed.
  ///   - options: what is trained, how long, at which rates.
  /// - Throws: what calibration throws, and `GraphError` when a layer has no int8 form that can be simulated.
  public func quantizing(
    _ constants: TrainedConstants, calibration: CalibrationData, _ compileOptions: CompileOptions,
    _ options: DeepOptions
  ) throws -> DeepFinetuning {
    let quantized = try quantizeForTraining(whole.with(constants), calibration: calibration, options: compileOptions)
    return try DeepFinetuning(quantized.simulatingQuantization(), quantized: quantized, options)
  }

  /// Numbers of one picture that are kept in memory.
  public var keptCount: Int { layers.trained[layers.trained.inputs[0]].shape.reduce(1, *) }

  /// Parameters that are trained, as tensors.
  public var trainedTensors: Int { layers.depths.count }

  /// What training reads of a picture: the output of the layers that stay.
  public func prepared(_ input: Tensor) throws -> Tensor { try frozen?.run([input])[0] ?? input }

  /// The whole network with constants that a run has left, and softmax behind it. After quantization-aware training every
  /// value has its quantization, and `compileQuantized` packs it.
  public func network(_ constants: TrainedConstants) throws -> Graph {
    let trained = try whole.with(constants)
    var graph = try quantized?.quantized(withWeightsOf: trained) ?? trained
    graph.outputs = [try graph.append(Softmax(), [graph.outputs[0]], name: "probabilities")[0]]
    // What softmax always has.
    if quantized != nil { graph[graph.outputs[0]].quantization = Quantization(scale: 1 / 256, zeroPoint: -128) }
    return graph
  }

  /// A number that other beginnings hardly share.
  public var fingerprint: UInt64 {
    var hash = FowlerNollVoHash()
    for (index, tensor) in whole.trainedConstants.sorted(by: { $0.key < $1.key }) {
      hash.add(word: UInt64(index))
      for value in tensor.values { hash.add(word: UInt64(value.bitPattern)) }
    }
    return hash.value
  }
}

/// Constants of a network by the number of the value.
public typealias TrainedConstants = [Int: Tensor]

extension Graph {
  /// All constants that layers read.
  var trainedConstants: TrainedConstants {
    var found: TrainedConstants = [:]
    for node in nodes { for id in node.inputs { found[id.index] = self[id].constant } }
    return found
  }

  /// The same network with other constants.
  /// - Throws: `FinetuneError` when one is none of this network's.
  func with(_ constants: TrainedConstants) throws -> Graph {
    var (graph, fitting) = (self, 0)
    for id in Set(nodes.flatMap(\.inputs)) {
      guard self[id].constant != nil, let constant = constants[id.index] else { continue }
      guard constant.shape == self[id].shape else { break }
      graph[id].constant = constant
      fitting += 1
    }
    guard fitting == constants.count else {
      throw FinetuneError("\(name): these weights are of another network, or damaged")
    }
    return graph
  }
}
