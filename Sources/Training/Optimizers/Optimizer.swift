import Graph

/// How gradients change parameters. The state (momenta) belongs to the optimizer and is part of a checkpoint.
public protocol Optimizer: Sendable {
  /// Changes one parameter.
  /// - Parameters:
  ///   - number: which parameter, 0 ..< parameters.
  ///   - values: the parameter's numbers, which change.
  ///   - gradient: the gradient of the loss by each of them.
  ///   - decays: whether weight decay applies: not to biases and normalizations.
  ///   - rate: the learning rate of this step.
  mutating func update(_ number: Int, _ values: inout [Float], gradient: [Float], decays: Bool, rate: Float)

  /// Begins a step: call once before its updates.
  mutating func beginStep()

  /// What it remembers between steps.
  var state: OptimizerState { get set }
}

/// What an optimizer remembers between steps.
public struct OptimizerState: Sendable, Equatable {
  /// Steps that were begun; 0 where the optimizer does not count them.
  public var steps: Int
  /// By name, such as "velocity": the numbers of each parameter, empty before its first step.
  public var moments: [String: [[Float]]]

  /// A state.
  public init(steps: Int = 0, moments: [String: [[Float]]]) { (self.steps, self.moments) = (steps, moments) }
}
