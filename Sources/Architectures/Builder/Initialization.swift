import Graph

/// How random initial weights are distributed.
public enum WeightDistribution: String, Sendable, CaseIterable {
  /// He et al. 2015, for layers followed by ReLU: uniform in ±√(6 ÷ inputs), variance 2 ÷ inputs.
  case he
  /// Glorot (Xavier) and Bengio 2010: uniform in ±√(6 ÷ (inputs + outputs)), variance 2 ÷ (inputs + outputs).
  case xavier
}

/// Random initial weights that depend on the seed and the parameter's name alone: a layer more or less does not change
/// the others, and every machine draws the same numbers.
struct Initialization {
  let seed: UInt64
  let distribution: WeightDistribution

  /// - Parameters:
  ///   - inputs: products in each sum.
  ///   - outputs: sums that each input is in.
  func weights(_ name: String, shape: [Int], inputs: Int, outputs: Int) -> Tensor {
    let terms = distribution == .he ? inputs : inputs + outputs
    let limit = (6 / Float(max(1, terms))).squareRoot()
    var random = RandomNumbers(seed: seed, name: name)
    let count = shape.reduce(1, *)
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      for index in 0..<count {
        buffer.initializeElement(at: index, to: (random.next() * 2 - 1) * limit)
      }
      initializedCount = count
    }
    return Tensor(shape: shape, values: values)
  }
}
