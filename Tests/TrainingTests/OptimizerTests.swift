import Testing
import Training

/// Two steps of one weight, gradients 1 and ½, against numbers worked by hand from the papers' formulas.
@Suite struct OptimizerTests {
  private func steps(_ optimizer: some Optimizer, from start: Float = 1, decays: Bool = true) -> [Float] {
    var (optimizer, weight) = (optimizer, [start])
    return [Float(1), 0.5].map { gradient in
      optimizer.beginStep()
      optimizer.update(0, &weight, gradient: [gradient], decays: decays, rate: 0.1)
      return weight[0]
    }
  }

  private func expect(_ found: [Float], _ wanted: [Float], _ place: SourceLocation = #_sourceLocation) {
    #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 2e-6 }, "\(found)", sourceLocation: place)
  }

  @Test func descentWithMomentum() {
    // v = 1, 0.9 + 0.5.
    expect(steps(StochasticGradientDescent(parameters: 1)), [0.9, 0.76])
    // g + 0.9 v = 1.9, 0.5 + 1.26 (Sutskever et al. 2013).
    expect(steps(StochasticGradientDescent(parameters: 1, isNesterov: true)), [0.81, 0.634])
    // g = 1 + 0.5, 0.5 + 0.5 · 0.85.
    expect(steps(StochasticGradientDescent(parameters: 1, momentum: 0, weightDecay: 0.5)), [0.85, 0.7575])
    expect(
      steps(StochasticGradientDescent(parameters: 1, momentum: 0, weightDecay: 0.5), decays: false), [0.9, 0.85])
  }

  @Test func rmsProp() {
    // v = 0.1, 0.115: steps 0.1 / √0.1 and 0.05 / √0.115 (Tieleman and Hinton 2012).
    expect(steps(RMSProp(parameters: 1, decay: 0.9, epsilon: 0)), [0.683_772_2, 0.536_329_8])
    // b = 3.162278, 0.5 · 3.162278 + 1.474420.
    expect(steps(RMSProp(parameters: 1, decay: 0.9, momentum: 0.5, epsilon: 0)), [0.683_772_2, 0.378_216_2])
    // ε = 1: steps 0.1 / (0.316228 + 1) and 0.05 / (0.339116 + 1).
    expect(steps(RMSProp(parameters: 1, decay: 0.9, epsilon: 1)), [0.924_025_3, 0.886_687_3])
  }

  @Test func adam() {
    // m̂ = 1, 0.14 / 0.19; v̂ = 1, 0.001249 / 0.001999 (Kingma and Ba 2015, algorithm 1).
    expect(steps(Adam(parameters: 1)), [0.9, 0.806_782_1])
    // Decay in the gradient: g = 1.5, 0.95; m̂ = 0.23 / 0.19, v̂ = 0.00315025 / 0.001999.
    expect(steps(Adam(parameters: 1, weightDecay: 0.5)), [0.9, 0.803_570_9])
    // Decay apart: w · (1 − 0.05) before the same steps (Loshchilov and Hutter 2019, algorithm 2).
    expect(steps(Adam(parameters: 1, weightDecay: 0.5, isDecoupled: true)), [0.85, 0.714_282_1])
  }

  /// A state that is taken out and put into another optimizer goes on as the first one does.
  @Test func statesGoOn() {
    func check(_ make: () -> some Optimizer) {
      var (first, weights): (_, [Float]) = (make(), [1, -2])
      first.beginStep()
      first.update(0, &weights, gradient: [0.3, 0.7], decays: true, rate: 0.1)
      var (second, others) = (make(), weights)
      second.state = first.state
      first.beginStep()
      second.beginStep()
      first.update(0, &weights, gradient: [0.1, -0.2], decays: true, rate: 0.1)
      second.update(0, &others, gradient: [0.1, -0.2], decays: true, rate: 0.1)
      #expect(weights == others && first.state == second.state)
      var (fresh, different) = (make(), weights)
      fresh.beginStep()
      fresh.update(0, &different, gradient: [0.1, -0.2], decays: true, rate: 0.1)
      first.beginStep()
      first.update(0, &weights, gradient: [0.1, -0.2], decays: true, rate: 0.1)
      #expect(weights != different)
    }
    check { StochasticGradientDescent(parameters: 1) }
    check { RMSProp(parameters: 1, momentum: 0.5) }
    check { Adam(parameters: 1, weightDecay: 0.1) }
  }
}
