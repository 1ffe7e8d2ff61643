import Foundation

/// The logarithm of softmax over the last axis: x − max − ln Σ exp(x − max).
public struct LogSoftmax: Operator {
  /// "LogSoftmax".
  public static var kind: String { "LogSoftmax" }

  /// The logarithm of softmax over the last axis.
  public init() {}

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
      for index in 0..<count { sum += exp(x[index] - largest) }
      for index in 0..<count { output[index] = x[index] - largest - log(sum) }
    }
    return [result]
  }

  /// A record of the runtime's LogSoftmax with its tables of exponentials and logarithms.
  /// - Throws: `GraphError` when a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    let (input, output) = (Double(try node.activation(0).scale), Double(try node.outputRule().scale))
    var record = LoweredOperator(code: 20, operands: [0])
    let factor = limitedFactor(input / output, magnitude: 512, node.name, notes: &record.notes)
    let octave = limitedFactor(log(2) / output, magnitude: 512, node.name, notes: &record.notes)
    record.parameters = [parameter(factor), parameter(octave)]
    record.table = softmaxTable(inputScale: try node.activation(0).scale)
    for place in 0..<256 {
      let logarithm = Float(log1p((Double(place) + 0.5) / 256) / log(2) * Double(octave))
      record.table += littleEndian(logarithm.bitPattern)
    }
    return .step(record)
  }
}
