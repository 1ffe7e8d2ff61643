import CShim
import Martlet
import Testing

/// The test that a file brings along.
@Suite struct SelfTestTests {
  /// A section with these counts and checks, and an input of zeros.
  private func section(operators: UInt32, inputBytes: UInt32, checks: [UInt32], reserved: UInt32 = 0) -> [UInt8] {
    ModelWriter.raw(operators) + ModelWriter.raw(inputBytes) + ModelWriter.raw(reserved)
      + [UInt8](repeating: 0, count: 52) + checks.flatMap(ModelWriter.raw)
      + [UInt8](repeating: 0, count: Int(inputBytes))
  }

  /// What each operator of `writer`'s network makes of zeros, checked by another implementation of CRC-32.
  private func checks(_ writer: ModelWriter) throws -> [UInt32] {
    let memory = GuardedMemory(copying: writer.bytes())
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    var session = try Session(model, arena: arena.bytes, kernels: martlet_kernels_for(MARTLET_FAMILY_SCALAR))
    let input = [Int8](repeating: 0, count: session.input().count)
    try session.setInput(input.span)
    var results: [UInt32] = []
    for index in 0..<session.operatorCount {
      session.run(turn: index)
      let tensor = Int(model.operatorRecord(index).output)
      var values = [Int8](repeating: 0, count: model.tensor(tensor).count)
      var span = values.mutableSpan
      try session.copyTensor(tensor, into: &span)
      results.append(Self.crc(values.map { UInt8(bitPattern: $0) ^ 0x80 }))
    }
    return results
  }

  /// CRC-32 bit by bit, as its definition says.
  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }

  /// The fault of a file's self-test with some kernels; nil: it passed.
  private func outcome(_ file: [UInt8], family: martlet_family = MARTLET_FAMILY_SCALAR) throws -> Fault? {
    let memory = GuardedMemory(copying: file)
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    arena.poison(0x5A)
    var session = try Session(model, arena: arena.bytes, kernels: try #require(martlet_kernels_for(family)))
    var checks = [UInt32](repeating: 0, count: model.operatorCount)
    do throws(Fault) {
      var span = checks.mutableSpan
      try session.selfTest(checks: &span)
      return nil
    } catch { return error }
  }

  @Test func crcIsTheStandardOne() {
    let digits = Array("123456789".utf8)
    #expect(martlet_crc32(0, digits, 9) == 0xCBF4_3926)
    #expect(martlet_crc32(martlet_crc32(0, digits, 4), Array(digits[4...]), 5) == 0xCBF4_3926)
  }

  @Test func everyFamilyPasses() throws {
    var writer = SampleModels.everyOperator()
    let checks = try checks(writer)
    writer.selfTest = section(operators: UInt32(checks.count), inputBytes: 108, checks: checks)
    let file = writer.bytes()
    for number in 0..<MARTLET_FAMILY_COUNT.rawValue where martlet_families() >> number & 1 == 1 {
      #expect(try outcome(file, family: martlet_family(number)) == nil, "family \(number)")
    }
  }

  @Test func namesTheFirstOperatorThatDiffers() throws {
    var writer = SampleModels.everyOperator()
    let checks = try checks(writer)
    for wrong in checks.indices {
      var altered = checks
      altered[wrong] ^= 1
      altered[checks.count - 1] ^= 0x8000_0000
      writer.selfTest = section(operators: UInt32(checks.count), inputBytes: 108, checks: altered)
      let fault = try #require(try outcome(writer.bytes()))
      #expect(fault.code == .selfTest && Int(fault.index) == wrong && fault.detail == checks[wrong])
    }
  }

  @Test func aFileWithoutOneSaysSo() throws {
    #expect(try outcome(SampleModels.threeOperators().bytes()) == Fault(.selfTest))
  }

  @Test func malformedSectionsAreRefused() throws {
    var writer = SampleModels.threeOperators()
    let good = section(operators: 3, inputBytes: 75, checks: [1, 2, 3])
    writer.selfTest = good
    #expect(fault(verifying: writer.bytes()) == nil)
    let malformed = [
      section(operators: 2, inputBytes: 75, checks: [1, 2]),
      section(operators: 4, inputBytes: 75, checks: [1, 2, 3, 4]),
      section(operators: 3, inputBytes: 74, checks: [1, 2, 3]),
      section(operators: 3, inputBytes: 76, checks: [1, 2, 3]),
      section(operators: 0xFFFF_FFFF, inputBytes: 75, checks: [1, 2, 3]),
      section(operators: 3, inputBytes: 75, checks: [1, 2, 3], reserved: 1),
      good + [0], Array(good.dropLast()), Array(good[0..<63]), Array(good[0..<4]), [0],
    ]
    for (index, bytes) in malformed.enumerated() {
      writer.selfTest = bytes
      #expect(
        fault(verifying: writer.bytes()) == Fault(.section, detail: Section.selfTest.rawValue), "section \(index)")
    }
  }
}
