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

  /// The velocities.
  public var state: OptimizerState {
    get { OptimizerState(moments: ["velocity": velocities]) }
    set { velocities = newValue.moments["velocity"] ?? velocities }
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
