import Testing

@testable import Archives

@Suite struct ZipArchiveTests {
  private let letters = [UInt8](repeating: 65, count: 260)

  private func sample(wide: Bool = false, comment: String = "") -> [UInt8] {
    var zip = ZipWriter()
    zip.add("stored.bin", [1, 2, 3, 4, 5], wide: wide)
    zip.add("folder/", [])
    zip.add("folder/letters.txt", letters, deflated: deflatedLetters, wide: wide)
    return zip.file(wide: wide, comment: comment)
  }

  private func archive(_ bytes: [UInt8]) throws -> ZipArchive { try ZipArchive(ByteSource(bytes, name: "sample.zip")) }

  @Test(arguments: [false, true]) func readsStoredAndDeflatedEntries(wide: Bool) throws {
    let zip = try archive(sample(wide: wide, comment: "a comment"))
    #expect(zip.entries.map(\.name) == ["stored.bin", "folder/letters.txt"])
    let stored = try #require(zip.entry(named: "stored.bin"))
    #expect(try zip.contents(of: stored) == [1, 2, 3, 4, 5])
    #expect(zip.source.bytes(at: try zip.dataOffset(of: stored), count: 5) == [1, 2, 3, 4, 5])
    #expect(try zip.contents(of: #require(zip.entry(named: "folder/letters.txt"))) == letters)
    #expect(zip.entry(named: "absent") == nil)
  }

  @Test func checksumIsTheStandardOne() {
    let check = Array("123456789".utf8).withUnsafeBytes { Inflate.crc32($0) }
    #expect(check == 0xCBF4_3926)
  }

  @Test func refusesDamage() throws {
    var bytes = sample()
    let position = try #require(bytes.firstIndex(of: 3))
    bytes[30 + 10] ^= 1  // first byte of stored.bin
    #expect(position > 0)
    let zip = try archive(bytes)
    let error = #expect(throws: ArchiveError.self) { try zip.contents(of: zip.entries[0]) }
    #expect(error?.description == "sample.zip:stored.bin is damaged: its checksum does not match.")
    #expect(try zip.contents(of: zip.entries[0], checksChecksum: false) == [0, 2, 3, 4, 5])
    #expect(throws: ArchiveError.self) { try zip.contents(of: zip.entries[1], limit: 259) }
  }

  @Test func refusesEncryptionAndImpossibleSizes() throws {
    var secret = ZipWriter()
    secret.add("secret", [1], flags: 1)
    let zip = try archive(secret.file())
    #expect(throws: ArchiveError.self) { try zip.contents(of: zip.entries[0]) }
    let bytes = deflatedLetters
    #expect(throws: ArchiveError.self) {
      try bytes.withUnsafeBytes { try Inflate.bytes($0, wrapper: .none, size: 1 << 40, name: "bomb") }
    }
    #expect(throws: ArchiveError.self) {
      try bytes.withUnsafeBytes { try Inflate.bytes($0, wrapper: .none, size: 259, name: "longer than stated") }
    }
    #expect(throws: ArchiveError.self) {
      try bytes.withUnsafeBytes { try Inflate.bytes($0, wrapper: .none, size: 261, name: "shorter than stated") }
    }
  }

  @Test(arguments: [false, true]) func everyTruncationIsRefused(wide: Bool) {
    let whole = sample(wide: wide)
    for count in 0..<whole.count {
      #expect(throws: ArchiveError.self) { try archive(Array(whole.prefix(count))) }
    }
  }

  @Test(arguments: [false, true]) func anyBytesAreSafe(wide: Bool) {
    let whole = sample(wide: wide)
    var random = SplitMix(state: 7)
    var refused = 0
    for _ in 0..<10_000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      do {
        let zip = try archive(bytes)
        for entry in zip.entries { _ = try zip.contents(of: entry) }
      } catch { refused += 1 }
    }
    #expect(refused > 5_000)
  }
}

/// Sebastiano Vigna's SplitMix64, so that every run of a test sees the same numbers.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
