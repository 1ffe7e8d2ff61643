import CShim
import Foundation

/// A function of one argument, applied to every element.
public struct Activation: InPlaceOperator {
  /// "Activation".
  public static var kind: String { "Activation" }

  /// The functions.
  public enum Function: Hashable, Sendable {
    /// max(0, x).
    case relu
    /// x limited to low…high; either may be infinite.
    case clip(low: Float, high: Float)
    /// x, or slope · x below 0.
    case leakyRelu(slope: Float)
    /// 1 / (1 + exp(−x)).
    case sigmoid
    /// max(0, min(1, alpha · x + beta)).
    case hardSigmoid(alpha: Float, beta: Float)
    /// x · max(0, min(6, x + 3)) / 6.
    case hardSwish
    /// The hyperbolic tangent.
    case tanh
    /// x · sigmoid(x), also called SiLU.
    case swish

    /// The function's value.
    public func callAsFunction(_ x: Float) -> Float {
      switch self {
      case .relu: max(0, x)
      case .clip(let low, let high): min(high, max(low, x))
      case .leakyRelu(let slope): x < 0 ? slope * x : x
      case .sigmoid: 1 / (1 + exp(-x))
      case .hardSigmoid(let alpha, let beta): max(0, min(1, alpha * x + beta))
      case .hardSwish: x * max(0, min(6, x + 3)) / 6
      case .tanh: Foundation.tanh(x)
      case .swish: x / (1 + exp(-x))
      }
    }

    /// The clamp that this function is, if it is one: what `Node.clamp` of the operator before can take over.
    public var clamp: ClosedRange<Float>? {
      switch self {
      case .relu: 0...Float.infinity
      case .clip(let low, let high) where low <= high: low...high
      default: nil
      }
    }
  }

  /// What is applied.
  public var function: Function

  /// Applies `function`.
  public init(_ function: Function) { self.function = function }

  /// A table may end in any clamp.
  public var fusesClamp: Bool { true }

  /// Sigmoid and tanh have the fixed ranges of the TFLite int8 specification.
  public var outputQuantization: OutputQuantization {
    switch function {
    case .sigmoid: .fixed(Quantization(scale: 1 / 256, zeroPoint: -128))
    case .tanh: .fixed(Quantization(scale: 1 / 128, zeroPoint: 0))
    default: .calibrated
    }
  }

  /// The input's shape.
  /// - Throws: `GraphError` when there is not one input.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x")
    return inputs
  }

  /// The function of every element.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    if let clamp = function.clamp {
      let (low, high) = bounds(clamp)
      return [
        mapLines(inputs[0], on: workers) { output, x, count in martlet_float_clamp(output, x, low, high, count) }
      ]
    }
    let function = function
    return [
      mapLines(inputs[0], on: workers) { output, x, count in
        for index in 0..<count { output[index] = function(x[index]) }
      }
    ]
  }

  func evaluateInPlace(_ x: inout Tensor, prepared: PackedFloats?, on workers: Workers) {
    if let clamp = function.clamp { return x.clamp(clamp, on: workers) }
    let function = function
    x.forEachPart(on: workers, unit: 1) { part, count in
      for index in 0..<count { part[index] = function(part[index]) }
    }
  }

  /// A look-up of each byte in a table.
  /// - Throws: `GraphError` when a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    var record = LoweredOperator(code: 8, operands: [0])
    record.table = activationTable(
      from: try node.activation(0), to: try node.outputRule(), clamp: node.clamp
    ) { function($0) }
    return .step(record)
  }
}
