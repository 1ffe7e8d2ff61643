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
            for index in 0..<channels { sum += exp(from[index] - largest) }
            for index in 0..<channels { into[index] = from[index] - largest - log(sum) }
          }
        }
      }
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
      record.table += (0..<4).map { UInt8(truncatingIfNeeded: logarithm.bitPattern >> ($0 * 8)) }
    }
    return .step(record)
  }
}
