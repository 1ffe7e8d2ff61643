import CShim
import Testing

struct FourBitTests {
  /// Every byte at every place of a quad, by every family, and no byte behind the last quad.
  @Test func halvesAreSignedNumbers() {
    for family in 0..<32 {
      guard let kernels = martlet_kernels_for(martlet_family(rawValue: UInt32(family))) else { continue }
      for quads in [1, 2, 3, 8] {
        for shift in stride(from: 0, to: 256, by: 32 * quads) {
          let bytes = (0..<32 * quads).map { UInt8(truncatingIfNeeded: $0 &* 5 &+ shift) }
          var values = [Int8](repeating: 99, count: 64 * quads + 64)
          martlet_expand_four_bit(kernels, bytes, &values, quads)
          for (index, byte) in bytes.enumerated() {
            let place = index / 32 * 64 + index % 32
            #expect(values[place] == Int8(bitPattern: byte << 4) >> 4)
            #expect(values[place + 32] == Int8(bitPattern: byte) >> 4)
          }
          #expect(values[(64 * quads)...].allSatisfy { $0 == 99 })
        }
      }
    }
  }
}
