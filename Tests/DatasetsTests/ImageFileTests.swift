import Archives
import Testing

@testable import Datasets

@Suite struct ImageFileTests {
  private func image(_ bytes: [UInt8]) throws -> Image { try Image(ByteSource(bytes, name: "sample")) }

  @Test func readsPortableAnymaps() throws {
    let colors = try image(Sample.ppm)
    #expect(colors == Image(width: 2, height: 2, channels: 3, pixels: Sample.colors))
    #expect(try image(Array("P3 2 2 255 255 0 0 0 255 0\n#\n0 0 255 255 255 255".utf8)) == colors)
    #expect(try image(Array("P5 3 1 255\n".utf8) + [0, 7, 255]).pixels == [0, 7, 255])
    #expect(try image(Array("P5 3 1 15\n".utf8) + [0, 7, 15]).pixels == [0, 119, 255])
    #expect(try image(Array("P5 2 1 65535\n".utf8) + [0, 255, 255, 255]).pixels == [1, 255])
    #expect(try image(Array("P2\n2 1\n3\n1 3".utf8)).pixels == [85, 255])
  }

  @Test func readsBitmaps() throws {
    let colors = Image(width: 2, height: 2, channels: 3, pixels: Sample.colors)
    #expect(try image(Sample.bmp24) == colors)
    let downward: [UInt8] = [0, 0, 255, 0, 255, 0, 0, 0, 255, 0, 0, 255, 255, 255, 0, 0]
    #expect(try image(Sample.bmp(bits: 24, height: -2, rows: downward)) == colors)
    let wide: [UInt8] = [255, 0, 0, 9, 255, 255, 255, 9, 0, 0, 255, 9, 0, 255, 0, 9]
    #expect(try image(Sample.bmp(bits: 32, height: 2, rows: wide)) == colors)
    let masks = littleEndian(0xFF0000, 4) + littleEndian(0xFF00, 4) + littleEndian(0xFF, 4)
    #expect(try image(Sample.bmp(bits: 32, height: 2, rows: wide, compression: 3, masks: masks)) == colors)
    let palette: [UInt8] = [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0]
    #expect(try image(Sample.bmp(bits: 8, height: 2, palette: palette, rows: [2, 3, 0, 0, 0, 1, 0, 0])) == colors)
    #expect(
      try image(Sample.bmp(bits: 4, height: 2, palette: palette, rows: [0x23, 0, 0, 0, 0x01, 0, 0, 0])) == colors)
    let grays: [UInt8] = [0, 0, 0, 0, 200, 200, 200, 0]
    let gray = try image(Sample.bmp(bits: 1, height: 2, palette: grays, rows: [0x40, 0, 0, 0, 0x80, 0, 0, 0]))
    #expect(gray == Image(width: 2, height: 2, channels: 1, pixels: [200, 0, 0, 200]))
  }

  @Test func refusesWhatItDoesNotRead() {
    func message(_ bytes: [UInt8]) -> String? {
      (#expect(throws: DatasetError.self) { try image(bytes) })?.description
    }
    let unknown = "sample is not an image that Martlet reads (JPEG, PNG, BMP, PPM)."
    #expect(message(Array("some text".utf8)) == unknown)
    #expect(message([]) == unknown)
    #expect(
      message(Array("P5 20000 20000 255\n".utf8))
        == "sample states 20000×20000 pixels; more than 100 million are refused.")
    #expect(message(Array("P5 0 2 255\n".utf8)) == "sample is damaged: it states 0×2 pixels.")
    #expect(message(Array("P5 2 2 255\n".utf8) + [0, 0, 0]) == "sample is a damaged PPM: it ends early.")
    #expect(
      message(Sample.bmp(bits: 16, height: 2, rows: [0, 0, 0, 0, 0, 0, 0, 0]))?.contains("16 bits a pixel") == true)
    #expect(
      message(Sample.bmp(bits: 8, height: 2, rows: [0, 0, 0, 0, 0, 0, 0, 0], compression: 1))?.contains(
        "compression (1)") == true)
    #expect(message(Sample.bmp(bits: 24, height: Int(Int32.min), rows: [])) != nil)
    #expect(
      #expect(throws: DatasetError.self) { try Image(contentsOf: "/absent.ppm") }?.description
        == "/absent.ppm does not exist.")
  }

  @Test func everyTruncationIsRefused() {
    for whole in [Sample.ppm, Sample.bmp24] {
      for count in 0..<whole.count {
        #expect(throws: DatasetError.self) { try image(Array(whole.prefix(count))) }
      }
    }
  }

  @Test func anyBytesAreSafe() {
    var random = SplitMix(state: 11)
    let palette = [UInt8](repeating: 77, count: 16)
    let indexed = Sample.bmp(bits: 8, height: 2, palette: palette, rows: [2, 3, 0, 0, 0, 1, 0, 0])
    var refused = 0
    for round in 0..<10_000 {
      var bytes = [Sample.ppm, Sample.bmp24, indexed][round % 3]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      do {
        let decoded = try image(bytes)
        #expect(decoded.pixels.count == decoded.width * decoded.height * decoded.channels)
      } catch { refused += 1 }
    }
    #expect(1_000..<9_500 ~= refused)
  }
}
