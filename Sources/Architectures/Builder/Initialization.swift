import Graph

/// Random initial weights that depend on the seed and the parameter's name alone: a layer more or less does not change
/// the others, and every machine draws the same numbers.
struct Initialization {
  let seed: UInt64

  /// He initialization (He et al., 2015) for layers followed by ReLU: uniform in ±√(6 ÷ inputs), variance 2 ÷ inputs.
  func he(_ name: String, shape: [Int], inputs: Int) -> Tensor {
    let limit = (6 / Float(max(1, inputs))).squareRoot()
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
