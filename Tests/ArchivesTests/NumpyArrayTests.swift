import Testing

@testable import Archives

@Suite struct NumpyArrayTests {
  private func numpy(_ header: String, _ bytes: [UInt8], version: UInt8 = 1) -> ByteSource {
    let text = Array(header.utf8)
    let length = (0..<(version == 1 ? 2 : 4)).map { UInt8(text.count >> (8 * $0) & 255) }
    return ByteSource([0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + bytes, name: "a.npy")
  }

  @Test func roundTrips() throws {
    let array = try #require(NumpyArray(shape: [2, 3], floats: [1, -2.5, 3, 0, .infinity, 1e-20]))
    let bytes = array.encoded()
    #expect((bytes.count - 24) % 64 == 0)
    let read = try NumpyArray(ByteSource(bytes, name: "a.npy"))
    #expect(read == array)
    #expect(read.floats() == [1, -2.5, 3, 0, .infinity, 1e-20])
    let small = try #require(NumpyArray(shape: [3], int8: [-128, 0, 127]))
    #expect(try NumpyArray(ByteSource(small.encoded(), name: "b.npy")).integers() == [-128, 0, 127])
    let scalar = try #require(NumpyArray(shape: [], floats: [5]))
    #expect(try NumpyArray(ByteSource(scalar.encoded(), name: "c.npy")).shape == [])
    #expect(NumpyArray(shape: [2], floats: [1]) == nil)
    #expect(NumpyArray(shape: [-1], floats: []) == nil)
  }

  @Test func readsEveryElementType() throws {
    func read(_ type: String, _ bytes: [UInt8]) throws -> NumpyArray {
      try NumpyArray(numpy("{'descr': '\(type)', 'fortran_order': False, 'shape': (1,), }\n", bytes))
    }
    #expect(try read("|b1", [1]).floats() == [1])
    #expect(try read("|i1", [0xFE]).integers() == [-2])
    #expect(try read("|u1", [0xFE]).integers() == [254])
    #expect(try read("<i2", [0xFE, 0xFF]).integers() == [-2])
    #expect(try read("<u2", [0xFE, 0xFF]).integers() == [65534])
    #expect(try read("<i4", [0, 0, 1, 0]).integers() == [65536])
    #expect(try read("<u4", [0, 0, 0, 0x80]).integers() == [1 << 31])
    #expect(try read("<i8", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).integers() == [-1])
    #expect(try read("<u8", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).integers() == nil)
    #expect(try read("<f2", [0x00, 0x3E]).floats() == [1.5])
    #expect(try read("<f4", [0x00, 0x00, 0xC0, 0x3F]).floats() == [1.5])
    #expect(try read("<f8", [0, 0, 0, 0, 0, 0, 0xF8, 0x3F]).floats() == [1.5])
    #expect(try read("<f4", [0, 0, 0, 0]).integers() == nil)
  }

  @Test func readsLaterVersionsAndFortranOrder() throws {
    let header = "{\"descr\": \"|u1\", \"shape\": (2, 3), \"fortran_order\": True}\n"
    for version: UInt8 in [1, 2, 3] {
      let array = try NumpyArray(numpy(header, [0, 3, 1, 4, 2, 5], version: version))
      #expect(array.integers() == [0, 1, 2, 3, 4, 5])
    }
    #expect(throws: ArchiveError.self) { try NumpyArray(numpy(header, [0, 3, 1, 4, 2, 5], version: 4)) }
  }

  @Test(arguments: [
    "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "{'descr': '<f4', 'shape': (1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", "", "{'descr': }",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
  ])
  func refuses(header: String) {
    #expect(throws: ArchiveError.self) { try NumpyArray(numpy(header, [0, 0, 128, 63])) }
  }

  @Test func readsNpz() throws {
    var zip = ZipWriter()
    let images = try #require(NumpyArray(shape: [1, 2], floats: [1, 2]))
    let labels = try #require(NumpyArray(shape: [1], int8: [3]))
    zip.add("images.npy", images.encoded())
    zip.add("readme.txt", [1])
    zip.add("labels.npy", labels.encoded())
    let arrays = try NumpyArray.archive(ByteSource(zip.file(), name: "a.npz"))
    #expect(arrays.map(\.name) == ["images", "labels"])
    #expect(arrays.map(\.array) == [images, labels])
  }

  @Test func truncationsAndRandomBytesAreSafe() throws {
    let whole = try #require(NumpyArray(shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])).encoded()
    for count in 0..<whole.count {
      #expect(throws: ArchiveError.self) { try NumpyArray(ByteSource(whole.prefix(count), name: "a.npy")) }
    }
    var random = SplitMix(state: 3)
    var refused = 0
    for _ in 0..<10_000 {
      var bytes = whole
      bytes[Int.random(in: 0..<80, using: &random)] = .random(in: 0...255, using: &random)
      do { _ = try NumpyArray(ByteSource(bytes, name: "a.npy")).floats() } catch { refused += 1 }
    }
    #expect(refused > 1_000)
  }

  @Test func unpacksGzip() throws {
    let crc = [UInt8](repeating: 65, count: 260).withUnsafeBytes { Inflate.crc32($0) }
    let trailer = [crc, 260].flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + deflatedLetters + trailer
    let output = try Inflate.gzip(ByteSource(member, name: "a.gz"))
    #expect(output == [UInt8](repeating: 65, count: 260))
    #expect(try Inflate.gzip(ByteSource(member + member, name: "a.gz")).count == 520)
    #expect(throws: ArchiveError.self) { try Inflate.gzip(ByteSource(member, name: "a.gz"), limit: 200) }
    for count in 0..<member.count {
      #expect(throws: ArchiveError.self) { try Inflate.gzip(ByteSource(member.prefix(count), name: "a.gz")) }
    }
  }
}
