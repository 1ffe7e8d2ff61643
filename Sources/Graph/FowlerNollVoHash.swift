/// The 64-bit hash FNV-1a (Fowler, Noll and Vo; RFC 9923): tells contents apart, but not against somebody's will.
public struct FowlerNollVoHash: Sendable {
  /// Of everything added.
  public private(set) var value: UInt64

  /// Of nothing yet. Other seeds give other hashes.
  public init(seed: UInt64 = 0xCBF2_9CE4_8422_2325) { value = seed }

  /// The hash of bytes.
  public init(_ bytes: some Sequence<UInt8>) {
    self.init()
    add(bytes)
  }

  /// Adds one word as if it were one byte, which is faster than its bytes one by one.
  public mutating func add(word: UInt64) { value = (value ^ word) &* 0x100_0000_01B3 }

  /// Adds bytes.
  public mutating func add(_ bytes: some Sequence<UInt8>) { for byte in bytes { add(word: UInt64(byte)) } }
}
