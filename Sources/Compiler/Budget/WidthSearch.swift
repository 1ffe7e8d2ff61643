import Foundation
import Graph

/// What a search may cost.
public enum WidthBudget: Sendable {
  /// At most so many percentage points of right answers less than the float network's.
  case drop(points: Double, EvaluationData)
  /// At most so many decibels less signal to noise in the first output than with weights of eight bits.
  case noise(decibels: Double, CalibrationData)

  /// Its inputs.
  var data: EvaluationData {
    switch self {
    case .drop(_, let data): data
    case .noise(_, let inputs): EvaluationData(inputs)
    }
  }
}

/// How wide a layer's values are.
public enum LayerWidth: String, Sendable {
  /// Weights of four bits, activations of eight.
  case int4
  /// Weights and activations of eight bits.
  case int8
  /// Weights of eight bits, activations of sixteen.
  case int16
}

/// The cheapest widths that keep within a budget, as a search found them. Cheap is what takes few bytes of file, and of
/// files alike the one with less arithmetic of sixteen bits.
public struct WidthSearch: Sendable {
  /// A layer with weights.
  public struct Layer: Sendable {
    /// The layer's name.
    public var name: String
    /// The operator's name.
    public var kind: String
    /// What was chosen.
    public var width: LayerWidth
    /// Bytes of its packed weights in eight bits.
    public var int8Bytes: Int
    /// Share (of the first output's power) of the noise that its weights in four bits alone add; nil: it has no such form, or
    /// was widened.
    public var int4Noise: Double?
  }

  /// In execution order.
  public var layers: [Layer]
  /// With eight bits everywhere: on the inputs that were searched with, or on all where it does not do.
  public var int8Drop: AccuracyDrop
  /// As chosen, on the inputs that were searched with.
  public var searchedDrop: AccuracyDrop
  /// As chosen, on the inputs that were kept back.
  public var heldBackDrop: AccuracyDrop
  /// Signal to noise of the first output with eight bits everywhere, in decibels.
  public var int8Decibels: Double
  /// The same as chosen.
  public var decibels: Double
  /// Whether answers were compared with labels rather than with the float network's answers.
  public var isLabelled: Bool
  /// Packed networks that were run on the inputs.
  public var trials: Int
}

/// Runs exchangeable networks on evaluation data: even inputs are searched with, odd ones kept back.
final class WidthTrials {
  let data: EvaluationData
  let answers: FloatAnswers
  private(set) var count = 0

  /// - Throws: `GraphError` when there are too few inputs.
  init(_ network: Graph, _ data: EvaluationData, _ workers: Workers, progress: (Double) -> Void) throws {
    guard data.inputs.count >= 2 else {
      throw GraphError("a search for widths needs at least 2 inputs, and is the better for some hundred")
    }
    self.data = data
    answers = try FloatAnswers(network, on: data, workers: workers, progress: progress)
  }

  /// Every second input, from the first or the second on.
  var searched: [Int] { Array(stride(from: 0, to: data.inputs.count, by: 2)) }
  var heldBack: [Int] { Array(stride(from: 1, to: data.inputs.count, by: 2)) }

  /// What a network makes of some inputs.
  struct Outcome {
    var drop = AccuracyDrop()
    var noise = 0.0
    var signal = 0.0

    /// Noise as a share of the signal.
    var noiseShare: Double { noise / max(signal, .leastNormalMagnitude) }
    var decibels: Double { noise == 0 ? .infinity : 10 * log10(signal / noise) }
  }

  func run(_ model: ExchangeableModel, _ examples: [Int], _ inputs: [[[UInt8]]]) throws(GraphError) -> Outcome {
    count += 1
    var outcome = Outcome()
    for example in examples {
      let found = try model.run(inputs[example])
      let expected = answers.outputs[example]
      for (x, y) in zip(expected, found) {
        outcome.signal += Double(x) * Double(x)
        outcome.noise += (Double(x) - Double(y)) * (Double(x) - Double(y))
      }
      outcome.drop.add(float: answers.isRight(expected, example), packed: answers.isRight(found, example))
    }
    return outcome
  }

  /// All inputs as a network's inputs hold them.
  func inputs(of model: ExchangeableModel) throws -> [[[UInt8]]] {
    try (0..<data.inputs.count).map { model.quantized(try data.inputs.inputs($0)) }
  }
}
