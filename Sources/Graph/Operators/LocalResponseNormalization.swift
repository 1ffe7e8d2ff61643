import CShim
import Foundation

/// Each value divided by a power of the squares around it: x / (bias + alpha · Σ x′²)^beta, where x′ runs over the last axis
/// from `before` places below to `after` above (LRN of Krizhevsky et al. 2012, "across channels").
public struct LocalResponseNormalization: Operator {
  /// "LocalResponseNormalization".
  public static var kind: String { "LocalResponseNormalization" }
  /// Channels below that count.
  public var before: Int
  /// Channels above that count.
  public var after: Int
  /// The factor of the sum (ONNX divides its alpha by the size of the window first).
  public var alpha: Float
  /// The exponent.
  public var beta: Float
  /// What is added to the sum.
  public var bias: Float

  /// Local response normalization with these attributes.
  public init(before: Int, after: Int, alpha: Float, beta: Float, bias: Float) {
    self.before = before
    self.after = after
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  /// The curve's end may be clamped.
  public var fusesClamp: Bool { true }

  /// The input's shape.
  /// - Throws: `GraphError` when there is not one input, or an attribute is impossible.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(before, in: 0...largestAttribute, "the number of channels below")
    try expect(after, in: 0...largestAttribute, "the number of channels above")
    guard bias > 0, bias.isFinite, alpha >= 0, alpha.isFinite, beta >= 0, beta.isFinite else {
      throw GraphError(
        "alpha \(alpha), beta \(beta) and bias \(bias) may give no number: they must not be negative, nor bias be 0")
    }
    return try rowShapes(inputs)
  }

  /// The normalized values.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let (before, after, alpha, beta, bias) = (before, after, Double(alpha), Double(beta), Double(bias))
    let result = mapRows(inputs[0], on: workers) { output, x, count in
      for index in 0..<count {
        var sum = 0.0
        for near in max(0, index - before)...min(count - 1, index + after) { sum += Double(x[near]) * Double(x[near]) }
        output[index] = Float(Double(x[index]) / pow(bias + alpha * sum, beta))
      }
    }
    return [result]
  }

  /// A record of the runtime's LocalResponseNormalization with the curve (bias + alpha · s² · n)^−beta.
  /// - Throws: `GraphError` when the window is too large or a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    let channels = try node.runtimeShape(0).channels
    guard min(before + after + 1, channels) <= 1 << 16 else {
      throw GraphError("\(node.name): a window of more than 65536 channels has no int8 form")
    }
    let (input, output) = (Double(try node.activation(0).scale), Double(try node.outputRule().scale))
    let (low, high) = try node.clampBounds()
    var record = LoweredOperator(
      code: 26, operands: [0], parameters: try parameters(before, after, of: node.name) + [low, high])
    record.table = curveTable(largest: UInt32(min(before + after + 1, channels) * 65025)) { squares in
      pow(Double(bias) + Double(alpha) * input * input * squares, -Double(beta)) * input / output
    }
    return .step(record)
  }
}
