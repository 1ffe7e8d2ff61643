import CShim

extension Add: DifferentiableOperator {
  /// The gradient itself, summed where an operand is repeated.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    (0..<2).map { wanted[$0] ? summed(gradient, to: inputs[$0].shape) : nil }
  }
}

extension Subtract: DifferentiableOperator {
  /// The gradient itself, and its negative.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    var second = wanted[1] ? summed(gradient, to: inputs[1].shape) : nil
    if let values = second?.values { second?.values = values.map { -$0 } }
    return [wanted[0] ? summed(gradient, to: inputs[0].shape) : nil, second]
  }
}

extension Multiply: DifferentiableOperator {
  /// The gradient times the other operand.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    (0..<2).map { index in
      guard wanted[index] else { return nil }
      let product = Multiply().evaluate([gradient, inputs[1 - index]], on: workers)[0]
      return summed(product, to: inputs[index].shape)
    }
  }
}

extension Activation: DifferentiableOperator {
  /// The gradient times the derivative.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    if let clamp = function.clamp { return [passing(gradient, where: inputs[0], isInside: clamp, on: workers)] }
    let function = function
    return [
      workers.tensor(inputs[0].shape) { result in
        inputs[0].withPointer { x in
          gradient.withPointer { gradient in
            nonisolated(unsafe) let (result, x, gradient) = (result, x, gradient)
            workers.split(inputs[0].count, minimum: smallestElementwisePart) { range in
              for index in range { result[index] = gradient[index] * (function.derivative(x[index]) ?? 0) }
            }
          }
        }
      }
    ]
  }

  /// Functions whose derivative is not written down.
  public var obstacleToGradients: String? {
    function.derivative(1) == nil ? "the derivative of \(function) is not known" : nil
  }
}

extension Activation.Function {
  /// The derivative at x; where there is none, that from the left. Nil: not known here.
  func derivative(_ x: Float) -> Float? {
    switch self {
    case .relu: return x > 0 ? 1 : 0
    case .clip(let low, let high): return x > low && x < high ? 1 : 0
    case .leakyRelu(let slope): return x > 0 ? 1 : slope
    case .negative: return -1
    case .sigmoid, .tanh, .softplus, .exponential: return smoothDerivative(x)
    case .swish:
      let sigmoid = Activation.Function.sigmoid(x)
      return sigmoid * (1 + x * (1 - sigmoid))
    case .hardSigmoid(let alpha, let beta):
      let line = alpha * x + beta
      return line > 0 && line < 1 ? alpha : 0
    case .hardSwish: return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6
    default: return nil
    }
  }

  private func smoothDerivative(_ x: Float) -> Float? {
    let value = self(x)
    switch self {
    case .sigmoid: return value * (1 - value)
    case .tanh: return 1 - value * value
    case .exponential: return value
    case .softplus: return Activation.Function.sigmoid(x)
    default: return nil
    }
  }
}

/// The gradient where a clamped value lies inside the clamp, 0 elsewhere.
func passing(
  _ gradient: Tensor, where value: Tensor, isInside clamp: ClosedRange<Float>, on workers: Workers
) -> Tensor {
  let (low, high) = bounds(clamp)
  let count = gradient.count
  return workers.tensor(gradient.shape) { result in
    gradient.withPointer { gradient in
      value.withPointer { value in
        nonisolated(unsafe) let (result, gradient, value) = (result, gradient, value)
        workers.split(count, minimum: smallestElementwisePart) { range in
          let first = range.lowerBound
          martlet_float_pass_inside(result + first, gradient + first, value + first, low, high, range.count)
        }
      }
    }
  }
}

/// The sum over the places where a tensor of `shape` was repeated to give `tensor` (numpy's rule).
func summed(_ tensor: Tensor, to shape: [Int]) -> Tensor {
  guard tensor.shape != shape else { return tensor }
  let padded = Array(repeating: 1, count: tensor.shape.count - shape.count) + shape
  var strides = rowMajorStrides(padded)
  for axis in padded.indices where padded[axis] == 1 { strides[axis] = 0 }
  var result = Tensor(shape: shape)
  var place = [Int](repeating: 0, count: padded.count)
  var into = 0
  for value in tensor.values {
    result.values[into] += value
    for axis in place.indices.reversed() {
      place[axis] += 1
      into += strides[axis]
      if place[axis] < tensor.shape[axis] { break }
      into -= strides[axis] * place[axis]
      place[axis] = 0
    }
  }
  return result
}
