import Archives
import Testing

@testable import Datasets

/// JPEG and PNG through the system's libraries, where they are installed.
@Suite struct CompressedImageTests {
  /// 2×2 RGB, 8 bits, written by hand: one zlib stream of one stored block.
  private static let png: [UInt8] = {
    func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
      let body = Array(kind.utf8) + data
      return bigEndian(data.count, 4) + body + bigEndian(Int(body.withUnsafeBytes { Inflate.crc32($0) }), 4)
    }
    let rows = [0] + Sample.colors[0..<6] + [0] + Sample.colors[6...]
    var (low, high) = (1, 0)
    for byte in rows { (low, high) = ((low + Int(byte)) % 65521, (high + low + Int(byte)) % 65521) }
    let stream: [UInt8] = [0x78, 1, 1] + littleEndian(rows.count, 2) + littleEndian(~rows.count, 2) + rows
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", bigEndian(2, 4) + bigEndian(2, 4) + [8, 2, 0, 0, 0])
      + chunk("IDAT", stream + bigEndian(high << 16 | low, 4)) + chunk("IEND", [])
  }()

  /// Decodes, or returns nil and checks the sentence where the library is not installed.
  private func decoded(_ bytes: [UInt8], package: String) throws -> Image? {
    let result = Result { try Image(ByteSource(bytes, name: "sample")) }
    if case .failure(let error as DatasetError) = result, error.description.contains("apt-get install") {
      #expect(error.description.contains(package))
      return nil
    }
    return try result.get()
  }

  @Test func readsPNG() throws {
    guard let image = try decoded(Self.png, package: "libpng16-16") else { return }
    #expect(image == Image(width: 2, height: 2, channels: 3, pixels: Sample.colors))
  }

  @Test func damagedPNGIsRefused() throws {
    guard try decoded(Self.png, package: "libpng16-16") != nil else { return }
    // The last chunk carries no picture; a reader need not look at it.
    for count in 8..<Self.png.count - 12 {
      #expect(throws: DatasetError.self) { try Image(ByteSource(Self.png.prefix(count), name: "sample")) }
    }
    var random = SplitMix(state: 5)
    var refused = 0
    for _ in 0..<10_000 {
      var bytes = Self.png
      bytes[Int.random(in: 8..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      do { _ = try Image(ByteSource(bytes, name: "sample")) } catch { refused += 1 }
    }
    #expect(refused > 5_000)
  }

  @Test(.enabled(if: sharedData != nil, "set MARTLET_TEST_DATA to the folder of real data"))
  func readsJPEG() throws {
    let folder = try #require(sharedData) + "/imagenet-dev"
    let name = try #require(try Folder.names(in: folder).first { Folder.isPicture($0) })
    let source = try ByteSource(contentsOf: folder + "/" + name)
    let bytes = try #require(source.bytes(at: 0, count: source.count))
    guard let image = try decoded(bytes, package: "libturbojpeg0") else { return }
    #expect(min(image.width, image.height) == 256 && image.channels == 3)
    // Cut in the header, in the tables, and in the picture itself.
    for count in [4, 20, 100, 500, bytes.count / 2, bytes.count - 100] {
      #expect(throws: DatasetError.self) { try Image(ByteSource(bytes.prefix(count), name: "sample")) }
    }
    var random = SplitMix(state: 6)
    for _ in 0..<200 {
      var damaged = bytes
      for _ in 0..<8 { damaged[Int.random(in: 3..<bytes.count, using: &random)] = .random(in: 0...255, using: &random) }
      let result = try? Image(ByteSource(damaged, name: "sample"))
      #expect(result.map { $0.pixels.count == $0.width * $0.height * $0.channels } ?? true)
    }
  }

  /// A kilobyte that states 64 million pixels is refused before the library takes memory for them.
  @Test(arguments: [0xC0, 0xC2] as [UInt8]) func smallFilesOfManyPixelsAreRefused(frame: UInt8) throws {
    var jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0] + [UInt8](repeating: 1, count: 64)
    jpeg += [0xFF, frame, 0, 11, 8] + bigEndian(8000, 2) + bigEndian(8000, 2) + [1, 1, 0x11, 0]
    jpeg += [0xFF, 0xC4, 0, 20, 0] + [1] + [UInt8](repeating: 0, count: 15) + [0]
    jpeg += [0xFF, 0xC4, 0, 20, 0x10] + [1] + [UInt8](repeating: 0, count: 15) + [0]
    jpeg +=
      [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, frame == 0xC0 ? 63 : 0, 0] + [UInt8](repeating: 0, count: 600) + [0xFF, 0xD9]
    do throws(DatasetError) {
      _ = try Image(ByteSource(jpeg, name: "sample"))
      Issue.record("accepted")
    } catch {
      guard !error.description.contains("libjpeg-turbo") else { return }
      #expect(error.description.contains("more than \(jpeg.count) bytes can hold"))
    }
  }
}
