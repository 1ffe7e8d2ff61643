import Foundation

/// exp(x) / Σ exp(x) over the last axis.
public struct Softmax: Operator {
  /// "Softmax".
  public static var kind: String { "Softmax" }

  /// Softmax over the last axis.
  public init() {}

  /// Probabilities: 0…255/256.
  public var outputQuantization: OutputQuantization { .fixed(Quantization(scale: 1 / 256, zeroPoint: -128)) }

  /// The input's shape.
  /// - Throws: `GraphError` when there is not one input with at least one axis.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x")
    guard !inputs[0].isEmpty else { throw GraphError("a scalar has no axis to normalize") }
    return inputs
  }

  /// The largest value is subtracted first, so that no exponential overflows.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let channels = inputs[0].shape.last ?? 1
    let result = workers.tensor(inputs[0].shape) { result in
      inputs[0].withPointer { x in
        nonisolated(unsafe) let (result, x) = (result, x)
        workers.split(inputs[0].count / channels, minimum: max(1, smallestElementwisePart / channels)) { rows in
          for row in rows {
            let (from, into) = (x + row * channels, result + row * channels)
            var largest = from[0]
            for index in 0..<channels { largest = max(largest, from[index]) }
            var sum: Float = 0
            for index in 0..<channels {
              into[index] = exp(from[index] - largest)
              sum += into[index]
            }
            for index in 0..<channels { into[index] /= sum }
          }
        }
      }
    }
    return [result]
  }

  /// A record of the runtime's Softmax with its table of exponentials.
  /// - Throws: `GraphError` when the output is not quantized as probabilities.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    let output = try node.outputRule()
    guard outputQuantization == .fixed(output) else {
      throw GraphError(
        "\(node.name): softmax gives probabilities of scale 1/256 and zero point −128, but its output is quantized "
          + "with scale \(output.scale) and zero point \(output.zeroPoint); drop the output's quantization")
    }
    var record = LoweredOperator(code: 9, operands: [0])
    record.table = softmaxTable(inputScale: try node.activation(0).scale)
    return .step(record)
  }
}
