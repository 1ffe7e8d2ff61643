import Graph

/// How gradients change parameters. The state (momenta) belongs to the optimizer and is part of a checkpoint.
public protocol Optimizer: Sendable {
  /// Changes one parameter.
  /// - Parameters:
  ///   - number: which parameter, 0 ..< parameters.
  ///   - decays: whether weight decay applies: not to biases and normalizations.
  ///   - rate: the learning rate of this step.
  mutating func update(_ number: Int, _ values: inout [Float], gradient: [Float], decays: Bool, rate: Float)

  /// Begins a step: call once before its updates.
  mutating func beginStep()
}

/// Stochastic gradient descent with momentum, as PyTorch defines it: v ← momentum · v + g, w ← w − rate · v; Nesterov:
/// w ← w − rate · (g + momentum · v). Weight decay is added to the gradient.
public struct StochasticGradientDescent: Optimizer {
  /// 0: none.
  public var momentum: Float
  /// Whether the gradient is looked up ahead (Sutskever et al. 2013).
  public var isNesterov: Bool
  /// λ of λ/2 · |w|².
  public var weightDecay: Float
  var velocities: [[Float]]

  /// For `parameters` parameters.
  public init(parameters: Int, momentum: Float = 0.9, isNesterov: Bool = false, weightDecay: Float = 0) {
    (self.momentum, self.isNesterov, self.weightDecay) = (momentum, isNesterov, weightDecay)
    velocities = Array(repeating: [], count: parameters)
  }

  /// Nothing to do.
  public mutating func beginStep() {}

  /// One step of one parameter.
  public mutating func update(
    _ number: Int, _ values: inout [Float], gradient: [Float], decays: Bool, rate: Float
  ) {
    if velocities[number].isEmpty { velocities[number] = [Float](repeating: 0, count: values.count) }
    let decay = decays ? weightDecay : 0
    let (momentum, isNesterov) = (momentum, isNesterov)
    velocities[number].withUnsafeMutableBufferPointer { velocity in
      values.withUnsafeMutableBufferPointer { values in
        for index in values.indices {
          let slope = gradient[index] + decay * values[index]
          velocity[index] = momentum * velocity[index] + slope
          values[index] -= rate * (isNesterov ? slope + momentum * velocity[index] : velocity[index])
        }
      }
    }
  }
}

/// Adam with decoupled weight decay (Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2).
public struct AdamW: Optimizer {
  /// Decay of the mean of gradients.
  public var beta1: Float
  /// Decay of the mean of their squares.
  public var beta2: Float
  /// Added to the root.
  public var epsilon: Float
  /// λ: each step takes rate · λ · w off.
  public var weightDecay: Float
  var means: [[Float]]
  var squares: [[Float]]
  var steps = 0

  /// For `parameters` parameters.
  public init(
    parameters: Int, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0
  ) {
    (self.beta1, self.beta2, self.epsilon, self.weightDecay) = (beta1, beta2, epsilon, weightDecay)
    means = Array(repeating: [], count: parameters)
    squares = means
  }

  /// Counts the step.
  public mutating func beginStep() { steps += 1 }

  /// One step of one parameter.
  public mutating func update(
    _ number: Int, _ values: inout [Float], gradient: [Float], decays: Bool, rate: Float
  ) {
    if means[number].isEmpty {
      means[number] = [Float](repeating: 0, count: values.count)
      squares[number] = means[number]
    }
    let decay = decays ? 1 - rate * weightDecay : 1
    let bias1 = 1 - power(beta1, steps)
    let bias2 = (1 - power(beta2, steps)).squareRoot()
    for index in values.indices {
      let slope = gradient[index]
      means[number][index] = beta1 * means[number][index] + (1 - beta1) * slope
      squares[number][index] = beta2 * squares[number][index] + (1 - beta2) * slope * slope
      let root = squares[number][index].squareRoot() / bias2 + epsilon
      values[index] = values[index] * decay - rate / bias1 * means[number][index] / root
    }
  }

  private func power(_ base: Float, _ exponent: Int) -> Float {
    var result: Double = 1
    for _ in 0..<exponent { result *= Double(base) }
    return Float(result)
  }
}
