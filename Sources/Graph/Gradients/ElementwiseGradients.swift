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

extension Divide: DifferentiableOperator {
  /// By the dividend g / b, by the divisor −g · (a / b) / b.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    let quotient = evaluate([gradient, inputs[1]], on: workers)[0]
    var second: Tensor?
    if wanted[1] {
      let product = Multiply().evaluate([quotient, evaluate(inputs, on: workers)[0]], on: workers)[0]
      second = summed(
        mapLines(product, on: workers) { into, x, count in
          for index in 0..<count { into[index] = -x[index] }
        }, to: inputs[1].shape)
    }
    return [wanted[0] ? summed(quotient, to: inputs[0].shape) : nil, second]
  }
}

extension Maximum: DifferentiableOperator {
  /// The gradient goes to the larger operand, to the first of equal ones.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    chosen(inputs, gradient, wanted, on: workers) { $0 >= $1 }
  }
}

extension Minimum: DifferentiableOperator {
  /// The gradient goes to the smaller operand, to the first of equal ones.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    chosen(inputs, gradient, wanted, on: workers) { $0 <= $1 }
  }
}

/// The gradient for the first of two operands where `takesFirst` says so, for the second elsewhere.
private func chosen(
  _ inputs: [Tensor], _ gradient: Tensor, _ wanted: [Bool], on workers: Workers,
  _ takesFirst: @escaping @Sendable (Float, Float) -> Bool
) -> [Tensor?] {
  (0..<2).map { index in
    guard wanted[index] else { return nil }
    let share = combine(inputs[0], inputs[1], clamp: nil, on: workers) { result, a, stepA, b, stepB, count in
      for place in 0..<count { result[place] = takesFirst(a[place * stepA], b[place * stepB]) == (index == 0) ? 1 : 0 }
    }
    return summed(Multiply().evaluate([gradient, share], on: workers)[0], to: inputs[index].shape)
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
    function.derivative(1) == nil ? "\(function) is flat between its steps: nothing can be learned through it" : nil
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
