import Graph

/// Random initial weights that depend on the seed and the parameter's name alone: a layer more or less does not change
/// the others, and every machine draws the same numbers.
struct Initialization {
  let seed: UInt64

  /// He initialization (He et al., 2015) for layers followed by ReLU: uniform in ±√(6 ÷ inputs), variance 2 ÷ inputs.
  func he(_ name: String, shape: [Int], inputs: Int) -> Tensor {
    let limit = (6 / Float(max(1, inputs))).squareRoot()
    var state = seed
    // FNV-1a mixes the name into the seed.
    for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    let count = shape.reduce(1, *)
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      for index in 0..<count {
        // Steele, Lea and Flood's SplitMix64; 24 bits make an exact float in 0…1.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        buffer.initializeElement(at: index, to: (Float(mixed >> 40) / Float(1 << 23) - 1) * limit)
      }
      initializedCount = count
    }
    return Tensor(shape: shape, values: values)
  }
}
