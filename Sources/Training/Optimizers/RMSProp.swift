/// RMSProp (Tieleman and Hinton 2012, lecture 6.5), as PyTorch defines it: v ← decay · v + (1 − decay) · g²,
/// w ← w − rate · g / (√v + ε); with momentum m, b ← m · b + g / (√v + ε) and w ← w − rate · b. Weight decay is added to
/// the gradient.
public struct RMSProp: Optimizer {
  /// Of the mean of the gradients' squares.
  public var decay: Float
  /// 0: none.
  public var momentum: Float
  /// Added to the root.
  public var epsilon: Float
  /// λ of λ/2 · |w|².
  public var weightDecay: Float
  var squares: [[Float]]
  var velocities: [[Float]]

  /// For `parameters` parameters.
  public init(
    parameters: Int, decay: Float = 0.99, momentum: Float = 0, epsilon: Float = 1e-8, weightDecay: Float = 0
  ) {
    (self.decay, self.momentum, self.epsilon, self.weightDecay) = (decay, momentum, epsilon, weightDecay)
    squares = Array(repeating: [], count: parameters)
    velocities = squares
  }

  /// Squares and velocities.
  public var state: OptimizerState {
    get { OptimizerState(moments: ["square": squares, "velocity": velocities]) }
    set {
      squares = newValue.moments["square"] ?? squares
      velocities = newValue.moments["velocity"] ?? velocities
    }
  }

  /// Nothing to do.
  public mutating func beginStep() {}

  /// One step of one parameter.
  public mutating func update(
    _ number: Int, _ values: inout [Float], gradient: [Float], decays: Bool, rate: Float
  ) {
    if squares[number].isEmpty {
      squares[number] = [Float](repeating: 0, count: values.count)
      velocities[number] = squares[number]
    }
    let added = decays ? weightDecay : 0
    let (decay, momentum, epsilon) = (decay, momentum, epsilon)
    squares[number].withUnsafeMutableBufferPointer { square in
      velocities[number].withUnsafeMutableBufferPointer { velocity in
        values.withUnsafeMutableBufferPointer { values in
          for index in values.indices {
            let slope = gradient[index] + added * values[index]
            square[index] = decay * square[index] + (1 - decay) * slope * slope
            velocity[index] = momentum * velocity[index] + slope / (square[index].squareRoot() + epsilon)
            values[index] -= rate * velocity[index]
          }
        }
      }
    }
  }
}
