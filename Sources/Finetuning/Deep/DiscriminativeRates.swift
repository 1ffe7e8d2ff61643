import Training

/// An optimizer whose rate is lower the further a layer is from the output (Howard and Ruder 2018): general features need
/// less change than special ones.
struct DiscriminativeRates: Optimizer {
  private var base: any Optimizer
  private let factors: [Float]

  /// - Parameter factors: for each parameter.
  init(_ base: any Optimizer, factors: [Float]) { (self.base, self.factors) = (base, factors) }

  var state: OptimizerState {
    get { base.state }
    set { base.state = newValue }
  }

  mutating func beginStep() { base.beginStep() }

  mutating func update(_ number: Int, _ values: inout [Float], gradient: [Float], decays: Bool, rate: Float) {
    base.update(number, &values, gradient: gradient, decays: decays, rate: rate * factors[number])
  }
}
