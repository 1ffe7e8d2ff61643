import Foundation
import Graph

/// How near the packed model's answers are to the float network's.
public struct Agreement: Sendable {
  /// Examples compared.
  public var examples = 0
  /// Share of examples (0…1) whose largest first-output value has the same place; nil unless the first output is one
  /// score a class: of a detector's or a segmenter's output, the largest value says little.
  public var top1: Double?
  /// 10·log₁₀(Σ float² ÷ Σ (float − int8)²) over all outputs; infinite when they are equal.
  public var signalToNoiseDecibels = Double.infinity
  /// The largest |float − int8| of any output value.
  public var largestError: Float = 0
}

/// Runs the packed model and the float network on the first `examples` examples of `data`.
/// - Throws: `GraphError` when the packed model is refused; what `data` throws.
public func checkAgreement(
  _ graph: Graph, _ bytes: [UInt8], on data: CalibrationData, examples: Int, workers: Workers = Workers(),
  progress: (Double) -> Void = { _ in }
) throws -> Agreement {
  let runner = try ModelRunner(bytes)
  let evaluator = Evaluator(graph, workers: workers)
  let count = min(examples, data.count)
  var accumulator = ErrorAccumulator()
  var agreeing = 0
  var isRanking = false
  for example in 0..<count {
    let inputs = try data.inputs(example)
    let expected = try evaluator.run(inputs)
    let found = try runner.run(inputs)
    for (expected, found) in zip(expected, found) { accumulator.add(expected.values, found.values) }
    if let expected = expected.first, let found = found.first, expected.scoresClasses {
      isRanking = true
      if expected.indexOfLargest == found.indexOfLargest { agreeing += 1 }
    }
    progress(Double(example + 1) / Double(count))
  }
  return Agreement(
    examples: count, top1: isRanking && count > 0 ? Double(agreeing) / Double(count) : nil,
    signalToNoiseDecibels: accumulator.signalToNoiseDecibels, largestError: accumulator.largestError)
}

extension Tensor {
  /// Whether there are several values, all along the last axis.
  var scoresClasses: Bool { count > 1 && shape.last == count }

  /// The place of the largest value; of equal ones the first.
  public var indexOfLargest: Int {
    var best = 0
    for index in values.indices where values[index] > values[best] { best = index }
    return best
  }
}

/// Sums for comparing int8 values with float ones, over any number of tensors.
struct ErrorAccumulator: Sendable {
  private(set) var signal = 0.0
  private(set) var noise = 0.0
  private(set) var largestError: Float = 0
  private var found = 0.0
  private var product = 0.0

  mutating func add(_ expected: [Float], _ actual: [Float]) {
    for (a, b) in zip(expected, actual) {
      let (x, y) = (Double(a), Double(b))
      signal += x * x
      found += y * y
      product += x * y
      noise += (x - y) * (x - y)
      largestError = max(largestError, abs(a - b))
    }
  }

  var signalToNoiseDecibels: Double { Self.decibels(signal: signal, noise: noise) }

  static func decibels(signal: Double, noise: Double) -> Double {
    noise == 0 ? .infinity : 10 * log10(signal / noise)
  }

  var layerError: LayerError {
    LayerError(signalToNoiseDecibels: signalToNoiseDecibels, cosine: cosine, maximumError: largestError)
  }

  /// The cosine of the angle between the two; 1 when both are zero.
  var cosine: Double {
    if signal == 0 && found == 0 { return 1 }
    return product / max((signal * found).squareRoot(), .leastNormalMagnitude)
  }
}
