import Archives
import Testing

@testable import Datasets

struct WritePNGTests {
  private static func picture(_ channels: Int) -> Image {
    let (width, height) = (37, 19)
    let pixels = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: $0 &* 73 ^ $0 >> 3) }
    return Image(width: width, height: height, channels: channels, pixels: pixels)!
  }

  @Test(arguments: [1, 3]) func whatIsWrittenIsReadAgain(channels: Int) throws {
    let picture = Self.picture(channels)
    #expect(try Image(ByteSource(picture.png, name: "written.png")) == picture)
  }

  /// Without zlib the stream is longer than a block can be.
  @Test func storedStreamsHoldTheBytes() throws {
    for count in [0, 1, 65535, 65536, 150_000] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let stream = Image.stored(bytes)
      let found = try stream.withUnsafeBytes {
        try Inflate.bytes($0, wrapper: .zlib, size: count, name: "stream")
      }
      #expect(found == bytes)
    }
  }
}
