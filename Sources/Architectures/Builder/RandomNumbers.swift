import Graph

/// Floats from `SplitMix64`: the same numbers on every machine.
struct RandomNumbers {
  private var bits: SplitMix64

  init(seed: UInt64) { bits = SplitMix64(seed: seed) }

  /// A seed that depends on a name, too.
  init(seed: UInt64, name: String) {
    var hash = FowlerNollVoHash(seed: seed)
    hash.add(name.utf8)
    bits = SplitMix64(seed: hash.value)
  }

  /// The next number in 0..<1; 24 bits make an exact float.
  mutating func next() -> Float { Float(bits.next() >> 40) / Float(1 << 24) }
}
