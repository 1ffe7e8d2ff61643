import CShim
import Testing

/// The rules that are not shapes: rounding, saturation, softmax, checksum, families.
@Suite struct RuleTests {
  /// Requantizes sums with every family.
  private func requantized(_ sums: [Int32], factor: Float, rule: martlet_output) -> [[UInt8]] {
    (fastFamilies + [scalar]).map { kernels in
      let output = Memory(count: sums.count)
      kernels.pointee.requantize(output.bytes, sums, 0, factor, rule, Int32(sums.count))
      #expect(output.isIntact)
      return (0..<sums.count).map { output.bytes[$0] }
    }
  }

  @Test func roundsHalvesToEven() {
    let rule = martlet_output(zero_point: 100, low: 0, high: 255)
    let sums: [Int32] = [-7, -5, -3, -1, 0, 1, 3, 5, 7, 2, 4]
    for bytes in requantized(sums, factor: 0.5, rule: rule) {
      #expect(bytes == [96, 98, 98, 100, 100, 100, 102, 102, 104, 101, 102])
    }
  }

  @Test func saturatesAndClamps() {
    let huge: Int32 = 2_000_000_000
    let sums: [Int32] = [huge, -huge, 40000, -40000, 300, -300, 0]
    for bytes in requantized(sums, factor: 1, rule: martlet_output(zero_point: 128, low: 0, high: 255)) {
      #expect(bytes == [255, 0, 255, 0, 255, 0, 128])
    }
    for bytes in requantized(sums, factor: 1, rule: martlet_output(zero_point: 128, low: 10, high: 200)) {
      #expect(bytes == [200, 10, 200, 10, 200, 10, 128])
    }
  }

  @Test func multipliesInFloat32() {
    // 16777217 is not a float32: the conversion rounds to even before the product.
    let sums: [Int32] = [16_777_217, 16_777_219, 25_165_825]
    let factor: Float = 5e-6
    for bytes in requantized(sums, factor: factor, rule: martlet_output(zero_point: 0, low: 0, high: 255)) {
      #expect(bytes == sums.map { UInt8((Float($0) * factor).rounded(.toNearestOrEven)) })
    }
  }

  @Test func softmaxFollowsTheDefinition() {
    var random = Random(seed: 8)
    for _ in 0..<100 {
      let channels = random.integer(1...1200)
      var layout = Layout(2, 2, channels)
      layout.loosen(&random, leastRows: 2)
      let input = Memory(count: layout.byteCount, random: &random)
      let output = Memory(count: layout.byteCount)
      let decay = random.integer(1...900)
      let table = (0..<256).map { Int32(2_147_483_647.0 / Double(1 + $0 * decay)) }
      var (from, to) = (layout.rows(in: input), layout.rows(in: output))
      martlet_softmax_rows(table, &from, &to, 0, 2)
      for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let values = (0..<channels).map { Int(input.bytes[layout.offset(row, column, $0)]) }
        let largest = values.max() ?? 0
        let exponentials = values.map { UInt64(table[largest - $0]) }
        let sum = exponentials.reduce(0, +)
        let expected = exponentials.map { UInt8(min((512 * $0 + sum) / (2 * sum), 255)) }
        #expect((0..<channels).map { output.bytes[layout.offset(row, column, $0)] } == expected)
      }
    }
  }

  /// The definition in checksum.c.
  private func checksum(_ bytes: [UInt8]) -> UInt32 {
    func take(_ state: UInt32, _ word: UInt32) -> UInt32 {
      let mixed = state ^ word
      return ((mixed << 13) | (mixed >> 19)) &* 5 &+ 0xE654_6B64
    }
    var padded = bytes
    while padded.count % 256 != 0 { padded.append(0) }
    var lanes = (0..<64).map { UInt32($0) }
    for index in 0..<padded.count / 4 {
      let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(padded[index * 4 + $1]) << (8 * UInt32($1)) }
      lanes[index % 64] = take(lanes[index % 64], word)
    }
    var result = lanes.reduce(UInt32(truncatingIfNeeded: bytes.count), take)
    result = (result ^ (result >> 16)) &* 0x85EB_CA6B
    result = (result ^ (result >> 13)) &* 0xC2B2_AE35
    return result ^ (result >> 16)
  }

  @Test func checksumFollowsItsDefinition() {
    var random = Random(seed: 9)
    for count in [0, 1, 3, 4, 63, 64, 255, 256, 257, 511, 512, 1000, 4097] {
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      #expect(martlet_checksum(bytes, count) == checksum(bytes))
    }
    // A fixed value, so that the definition itself cannot drift.
    #expect(martlet_checksum((0..<200).map { UInt8($0) }, 200) == 1_362_701_690)
  }

  @Test func checksumSeesEverySingleBit() {
    var bytes = [UInt8](repeating: 0x5A, count: 700)
    let whole = martlet_checksum(bytes, bytes.count)
    for bit in 0..<bytes.count * 8 {
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(martlet_checksum(bytes, bytes.count) != whole)
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    }
    #expect(martlet_checksum(bytes, bytes.count - 1) != whole)
  }

  @Test func familiesAreNamedAndPresent() {
    #expect(martlet_families() & 1 == 1)
    for kernels in fastFamilies + [scalar] {
      let family = kernels.pointee.family
      #expect(martlet_families() >> family.rawValue & 1 == 1)
      #expect(name(kernels) != "unknown")
    }
    #expect(martlet_kernels_for(martlet_family(rawValue: 31)) == nil)
    #expect(martlet_kernels_for(martlet_family(rawValue: 4000)) == nil)
  }
}
