import Graph

/// Floats from `SplitMix64`: the same numbers on every machine.
struct RandomNumbers {
  private var bits: SplitMix64

  init(seed: UInt64) { bits = SplitMix64(seed: seed) }

  /// A seed that depends on a name, too.
  init(seed: UInt64, name: String) {
    // FNV-1a mixes the name into the seed.
    bits = SplitMix64(seed: name.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 })
  }

  /// The next number in 0..<1; 24 bits make an exact float.
  mutating func next() -> Float { Float(bits.next() >> 40) / Float(1 << 24) }
}
