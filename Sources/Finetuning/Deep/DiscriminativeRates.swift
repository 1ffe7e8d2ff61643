import Training

/// An optimizer whose rate is lower the further a layer is from the output (Howard and Ruder 2018): general features need
/// less change than special ones. The gradient of each parameter is no longer than 1 (Pascanu et al. 2013): a new classifier that is
/// very sure of its mistakes would else destroy the layers before it.
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
    var gradient = gradient
    let length = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    if length > 1 {
      let factor = Float(1 / length)
      for index in gradient.indices { gradient[index] *= factor }
    }
    base.update(number, &values, gradient: gradient, decays: decays, rate: rate * factors[number])
  }
}
