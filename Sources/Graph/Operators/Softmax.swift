import Foundation

/// exp(x) / Σ exp(x) over the last axis.
public struct Softmax: Operator {
  /// "Softmax".
  public static var kind: String { "Softmax" }

  /// Softmax over the last axis.
  public init() {}

  /// Probabilities: 0…255/256.
  public var outputQuantization: OutputQuantization { .fixed(Quantization(scale: 1 / 256, zeroPoint: -128)) }

  /// Probabilities: 0…32767/32768.
  public var int16OutputQuantization: OutputQuantization? {
    .fixed(Quantization(scale: 1 / 32768, zeroPoint: 0, element: .int16))
  }

  /// The input's shape.
  /// - Throws: `GraphError` when there is not one input with at least one axis.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try rowShapes(inputs)
  }

  /// The largest value is subtracted first, so that no exponential overflows.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let result = mapRows(inputs[0], on: workers) { output, x, count in
      let largest = largest(x, count)
      var sum: Float = 0
      for index in 0..<count {
        output[index] = exp(x[index] - largest)
        sum += output[index]
      }
      for index in 0..<count { output[index] /= sum }
    }
    return [result]
  }

  /// A record of the runtime's Softmax with its table of exponentials.
  /// - Throws: `GraphError` when the output is not quantized as probabilities.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    if node.isInt16 { return try node.lowerInt16Softmax() }
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
