import Foundation

/// Adam (Kingma and Ba 2015, algorithm 1): steps by the running mean of the gradients over the root of that of their
/// squares, both corrected for their start at 0.
///
/// Weight decay is added to the gradient (L2), or decoupled from it (AdamW, Loshchilov and Hutter 2019, algorithm 2).
public struct Adam: Optimizer {
  /// Decay of the mean of gradients.
  public var beta1: Float
  /// Decay of the mean of their squares.
  public var beta2: Float
  /// Added to the root.
  public var epsilon: Float
  /// λ: of λ/2 · |w|² in the loss, or, decoupled, each step takes rate · λ · w off.
  public var weightDecay: Float
  /// Whether weight decay is decoupled from the gradient.
  public var isDecoupled: Bool
  var means: [[Float]]
  var squares: [[Float]]
  var steps = 0

  /// For `parameters` parameters.
  public init(
    parameters: Int, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0,
    isDecoupled: Bool = false
  ) {
    (self.beta1, self.beta2, self.epsilon, self.weightDecay) = (beta1, beta2, epsilon, weightDecay)
    self.isDecoupled = isDecoupled
    means = Array(repeating: [], count: parameters)
    squares = means
  }

  /// Means, squares and steps.
  public var state: OptimizerState {
    get { OptimizerState(steps: steps, moments: ["mean": means, "square": squares]) }
    set {
      steps = newValue.steps
      means = newValue.moments["mean"] ?? means
      squares = newValue.moments["square"] ?? squares
    }
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
    let added = decays && !isDecoupled ? weightDecay : 0
    let kept = decays && isDecoupled ? 1 - rate * weightDecay : 1
    let stride = rate / Float(1 - pow(Double(beta1), Double(steps)))
    let correction = Float(1 - pow(Double(beta2), Double(steps))).squareRoot()
    let (beta1, beta2, epsilon) = (beta1, beta2, epsilon)
    means[number].withUnsafeMutableBufferPointer { mean in
      squares[number].withUnsafeMutableBufferPointer { square in
        values.withUnsafeMutableBufferPointer { values in
          for index in values.indices {
            let slope = gradient[index] + added * values[index]
            mean[index] = beta1 * mean[index] + (1 - beta1) * slope
            square[index] = beta2 * square[index] + (1 - beta2) * slope * slope
            let root = square[index].squareRoot() / correction + epsilon
            values[index] = values[index] * kept - stride * mean[index] / root
          }
        }
      }
    }
  }
}
