import Foundation

extension Activation.Function {
  /// The derivative at x; where there is none, that from one side. Nil: it is 0 almost everywhere.
  func derivative(_ x: Float) -> Float? {
    switch self {
    case .ceiling, .floor, .round, .sign: nil
    case .absolute: x > 0 ? 1 : x < 0 ? -1 : 0
    case .relu: x > 0 ? 1 : 0
    case .clip(let low, let high): x > low && x < high ? 1 : 0
    case .leakyRelu(let slope): x > 0 ? 1 : slope
    case .thresholdedRelu(let alpha): x > alpha ? 1 : 0
    case .shrink(_, let threshold): abs(x) > threshold ? 1 : 0
    case .negative: -1
    case .hardSigmoid(let alpha, let beta): alpha * x + beta > 0 && alpha * x + beta < 1 ? alpha : 0
    case .hardSwish: x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6
    case .celu(let alpha): x < 0 ? exp(x / alpha) : 1
    case .elu(let alpha): x < 0 ? alpha * exp(x) : 1
    case .selu(let alpha, let gamma): x < 0 ? gamma * alpha * exp(x) : gamma
    default: smoothDerivative(x)
    }
  }

  private func smoothDerivative(_ x: Float) -> Float? {
    let value = self(x)
    switch self {
    case .sigmoid: return value * (1 - value)
    case .tanh: return 1 - value * value
    case .exponential: return value
    case .softplus: return Activation.Function.sigmoid(x)
    case .softsign: return 1 / ((1 + abs(x)) * (1 + abs(x)))
    case .errorFunction: return 2 / Float.pi.squareRoot() * exp(-x * x)
    case .logarithm: return 1 / x
    case .reciprocal: return -value * value
    case .squareRoot: return 0.5 / value
    case .power(let exponent): return exponent * pow(x, exponent - 1)
    default: return selfGatedDerivative(x)
    }
  }

  /// Of x times a function of x.
  private func selfGatedDerivative(_ x: Float) -> Float? {
    switch self {
    case .swish:
      let sigmoid = Activation.Function.sigmoid(x)
      return sigmoid * (1 + x * (1 - sigmoid))
    case .mish:
      let gate = Foundation.tanh(Activation.Function.softplus(x))
      return gate + x * (1 - gate * gate) * Activation.Function.sigmoid(x)
    case .gelu:
      let gate = (1 + erf(x * Float(0.5).squareRoot())) / 2
      return gate + x * exp(-x * x / 2) / (2 * Float.pi).squareRoot()
    case .geluTanh:
      let factor = (2 / Float.pi).squareRoot()
      let gate = Foundation.tanh(factor * (x + 0.044715 * x * x * x))
      return (1 + gate) / 2 + x / 2 * (1 - gate * gate) * factor * (1 + 3 * 0.044715 * x * x)
    default: return nil
    }
  }
}
