import Foundation

extension Activation {
  /// The functions. At run time each is a table of 256 bytes, so a new one costs a case and its formula here.
  ///
  /// Where a formula has no value (the logarithm of a negative number), the table holds zero.
  public enum Function: Hashable, Sendable {
    /// |x|.
    case absolute
    /// The next whole number above.
    case ceiling
    /// x limited to low…high; either may be infinite.
    case clip(low: Float, high: Float)
    /// max(0, x) + min(0, alpha · (exp(x / alpha) − 1)).
    case celu(alpha: Float)
    /// x, or alpha · (exp(x) − 1) below 0.
    case elu(alpha: Float)
    /// The error function.
    case errorFunction
    /// The exponential.
    case exponential
    /// The next whole number below.
    case floor
    /// x · Φ(x), Φ the normal distribution: x · (1 + erf(x / √2)) / 2.
    case gelu
    /// GELU's approximation x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))) / 2.
    case geluTanh
    /// max(0, min(1, alpha · x + beta)).
    case hardSigmoid(alpha: Float, beta: Float)
    /// x · max(0, min(6, x + 3)) / 6.
    case hardSwish
    /// x, or slope · x below 0.
    case leakyRelu(slope: Float)
    /// The natural logarithm.
    case logarithm
    /// x · tanh(ln(1 + exp(x))).
    case mish
    /// −x.
    case negative
    /// x to a constant power.
    case power(Float)
    /// 1 / x.
    case reciprocal
    /// max(0, x).
    case relu
    /// The nearest whole number, ties to even.
    case round
    /// gamma · x, or gamma · alpha · (exp(x) − 1) below 0.
    case selu(alpha: Float, gamma: Float)
    /// x − bias above the threshold, x + bias below its negative, else 0.
    case shrink(bias: Float, threshold: Float)
    /// 1 / (1 + exp(−x)).
    case sigmoid
    /// −1, 0 or 1.
    case sign
    /// ln(1 + exp(x)).
    case softplus
    /// x / (1 + |x|).
    case softsign
    /// √x.
    case squareRoot
    /// x · sigmoid(x), also called SiLU.
    case swish
    /// The hyperbolic tangent.
    case tanh
    /// x above alpha, else 0.
    case thresholdedRelu(alpha: Float)
  }
}

extension Activation.Function {
  /// The function's value.
  public func callAsFunction(_ x: Float) -> Float {
    switch self {
    case .absolute: abs(x)
    case .ceiling: x.rounded(.up)
    case .clip(let low, let high): min(high, max(low, x))
    case .celu(let alpha): max(0, x) + min(0, alpha * expm1(x / alpha))
    case .elu(let alpha): x < 0 ? alpha * expm1(x) : x
    case .errorFunction: erf(x)
    case .exponential: exp(x)
    case .floor: x.rounded(.down)
    case .gelu: x * (1 + erf(x * Float(0.5).squareRoot())) / 2
    case .geluTanh: x * (1 + Foundation.tanh((2 / Float.pi).squareRoot() * (x + 0.044715 * x * x * x))) / 2
    case .hardSigmoid(let alpha, let beta): max(0, min(1, alpha * x + beta))
    case .hardSwish: x * max(0, min(6, x + 3)) / 6
    case .leakyRelu(let slope): x < 0 ? slope * x : x
    case .logarithm: log(x)
    case .mish: x * Foundation.tanh(softplus(x))
    case .negative: -x
    case .power(let exponent): pow(x, exponent)
    case .reciprocal: 1 / x
    case .relu: max(0, x)
    case .round: x.rounded(.toNearestOrEven)
    case .selu(let alpha, let gamma): x < 0 ? gamma * alpha * expm1(x) : gamma * x
    case .shrink(let bias, let threshold): x > threshold ? x - bias : x < -threshold ? x + bias : 0
    case .sigmoid: 1 / (1 + exp(-x))
    case .sign: x > 0 ? 1 : x < 0 ? -1 : 0
    case .softplus: softplus(x)
    case .softsign: x / (1 + abs(x))
    case .squareRoot: x.squareRoot()
    case .swish: x / (1 + exp(-x))
    case .tanh: Foundation.tanh(x)
    case .thresholdedRelu(let alpha): x > alpha ? x : 0
    }
  }

  /// Without overflow for large x.
  private func softplus(_ x: Float) -> Float { max(0, x) + log1p(exp(-abs(x))) }

  /// The clamp that this function is, if it is one: what `Node.clamp` of the operator before can take over.
  public var clamp: ClosedRange<Float>? {
    switch self {
    case .relu: 0...Float.infinity
    case .clip(let low, let high) where low <= high: low...high
    default: nil
    }
  }

  /// Bounds of the results, whatever the argument, if some are known.
  public var range: ClosedRange<Float>? {
    switch self {
    case .absolute, .exponential, .softplus, .squareRoot: 0...Float.infinity
    case .errorFunction, .sign, .softsign, .tanh: -1...1
    case .hardSigmoid, .sigmoid: 0...1
    default: clamp
    }
  }
}
