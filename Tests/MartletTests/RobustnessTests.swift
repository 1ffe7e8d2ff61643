import CShim
import Martlet
import ModelAttack
import Testing

/// Damaged files: each is refused, or runs inside its guard pages. A read or write outside stops the test process.
@Suite struct RobustnessTests {
  private static let boundaries: [UInt32] = [
    0, 1, 2, 3, 7, 63, 64, 255, 256, 0xFFFF, 0x10_0000, 0x3FFF_FFFF, 0x4000_0000, 0x7F80_0000, 0x7FC0_0000, 0x7FFF_FFFF,
    0x8000_0000, 0xFFFF_FF80, 0xFFFF_FFC0, 0xFFFF_FFFF,
  ]

  private func values(around word: UInt32) -> [UInt32] {
    Self.boundaries + [word &+ 1, word &- 1, word &+ 64, word &- 64, word &* 2, word / 2, word ^ 0x8000_0000]
  }

  /// Every word of every record × boundary values, checksums made right.
  @Test(
    arguments: [
      SampleModels.threeOperators().bytes(), SampleModels.everyOperator().bytes(),
      SampleModels.laterOperators().bytes(), SampleModels.indices().bytes(),
    ])
  func eachFieldAtItsBoundaries(file: [UInt8]) {
    let tensors = (Int(ModelWriter.word(at: 72, in: file)), Int(ModelWriter.word(at: 76, in: file)))
    let operands = (Int(ModelWriter.word(at: 88, in: file)), Int(ModelWriter.word(at: 92, in: file)))
    #expect(tensors.0 == Header.byteCount)
    var refused = 0
    var accepted = 0
    let offsets = Array(stride(from: 32, to: operands.0 + operands.1, by: 4))
    for offset in offsets {
      let word = ModelWriter.word(at: offset, in: file)
      for value in values(around: word) where value != word {
        var damaged = file
        ModelWriter.put(value, at: offset, in: &damaged)
        if outputIfAccepted(sealed(damaged)) == nil { refused += 1 } else { accepted += 1 }
      }
    }
    #expect(refused > 10 * offsets.count)
    #expect(accepted > offsets.count)
  }

  /// Words of every table × boundary values: what is not a number, too large, negative or an index that is none.
  @Test func tablesAtTheirBoundaries() {
    let file = SampleModels.laterOperators().bytes()
    let tables = (Int(ModelWriter.word(at: 112, in: file)), Int(ModelWriter.word(at: 116, in: file)))
    var (refused, accepted) = (0, 0)
    for offset in stride(from: tables.0, to: tables.0 + tables.1, by: 20) {
      for value in values(around: ModelWriter.word(at: offset, in: file)) {
        var damaged = file
        ModelWriter.put(value, at: offset, in: &damaged)
        if outputIfAccepted(sealed(damaged)) == nil { refused += 1 } else { accepted += 1 }
      }
    }
    #expect(refused > tables.1 / 20 && accepted > tables.1 / 20)
  }

  @Test func eachTruncation() {
    let file = SampleModels.everyOperator().bytes()
    for count in 0..<file.count {
      let found = fault(verifying: Array(file[0..<count]))?.code
      #expect(found == .truncated, "at \(count) bytes")
    }
  }

  @Test func eachByteChanged() {
    let file = SampleModels.threeOperators().bytes()
    for index in file.indices {
      var damaged = file
      damaged[index] ^= UInt8(1 << (index % 8))
      #expect(fault(verifying: damaged) != nil, "at byte \(index)")
    }
  }

  /// Several random words changed at once, in records and constants.
  @Test(arguments: [SampleModels.everyOperator().bytes(), SampleModels.laterOperators().bytes()])
  func manyFieldsAtRandom(file: [UInt8]) {
    var generator = Generator(seed: 11)
    var accepted = 0
    for _ in 0..<4000 {
      var damaged = file
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let offset = Int.random(in: 8..<file.count / 4, using: &generator) * 4
        let word = ModelWriter.word(at: offset, in: damaged)
        let choice = values(around: word).randomElement(using: &generator) ?? 0
        ModelWriter.put(choice, at: offset, in: &damaged)
      }
      if outputIfAccepted(sealed(damaged)) != nil { accepted += 1 }
    }
    #expect(accepted > 100)
  }
}
