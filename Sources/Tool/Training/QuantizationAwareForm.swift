import Architectures
import Compiler
import Datasets
import Graph
import Martlet
import Training

/// Quantization-aware training: the network is folded and fused as for packing, and trained as the simulation of its int8
/// form. Ranges are measured on training pictures before each epoch, by the weights as they are then.
struct QuantizationAwareForm: TrainingForm {
  private var quantized: Graph
  private let calibration: CalibrationData
  private let options: CompileOptions
  private let design: QuantizationRecord.Design

  /// Pictures that ranges are measured on.
  private static let calibrationCount = 256

  /// Begins with the weights of `network`, or goes on with those of a checkpoint.
  init(
    _ known: any Architecture, _ built: ArchitectureOptions, _ network: Graph, _ images: TrainingImages,
    _ rules: Preprocessing, _ saved: (checkpoint: TrainingCheckpoint, path: String)?
  ) throws {
    calibration = Self.calibration(images, rules, shape: network[network.inputs[0]].shape, seed: built.seed)
    var options = CompileOptions()
    options.preprocessing = PreprocessingRecord(rules)
    self.options = options
    design = QuantizationRecord.Design(known, built)
    var skeleton = try design.skeleton()
    if let saved {
      guard let record = try QuantizationRecord(saved.checkpoint.metadata, from: saved.path) else {
        throw ToolError("\(saved.path) is of a float training: begin with its weights, --from \(saved.path).")
      }
      try record.apply(to: &skeleton, from: saved.path)
      try QuantizationRecord.load(saved.checkpoint.weights, into: &skeleton, from: saved.path)
      quantized = skeleton
    } else {
      quantized = try quantizeForTraining(network, calibration: calibration, options: options)
      // What is written must be found again from the architecture's name.
      try QuantizationRecord(quantized, design).apply(to: &skeleton, from: known.name)
    }
    simulation = try quantized.simulatingQuantization()
  }

  private static func calibration(
    _ images: TrainingImages, _ rules: Preprocessing, shape: [Int], seed: UInt64
  ) -> CalibrationData {
    var random = SplitMix64(seed: seed)
    let chosen = Array(random.permutation(images.count).prefix(calibrationCount))
    return CalibrationData(count: chosen.count) { index in
      var random = SplitMix64(seed: 0)
      let batch = images.batch(
        [chosen[index]], mean: rules.mean, standardDeviation: rules.standardDeviation, Augmentation(), &random)
      return [Tensor(shape: shape, values: batch.values)]
    }
  }

  private var simulation: Graph

  var network: Graph { simulation }

  func metadata() throws -> [String: String] { try QuantizationRecord(quantized, design).metadata() }

  func weights(of trained: Graph) -> [(name: String, tensor: Tensor)] { QuantizationRecord.tensors(of: trained) }

  func inferenceNetwork(of trained: Graph) -> Graph { trained }

  func tensors(ofInference network: Graph) -> [(name: String, tensor: Tensor)] {
    QuantizationRecord.tensors(of: network)
  }

  mutating func beginEpoch(_ trained: Graph) throws -> Bool {
    quantized = try quantized.quantized(withWeightsOf: trained)
    quantized = try quantizeForTraining(quantized, calibration: calibration, options: options, isSimplified: true)
    simulation = try quantized.simulatingQuantization()
    return true
  }
}
