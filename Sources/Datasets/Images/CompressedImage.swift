import Archives
import CHost

/// JPEG and PNG, decoded by the system's libraries.
enum CompressedImage {
  static func jpeg(_ source: ByteSource) throws(DatasetError) -> Image {
    let (header, samples) = try decode(
      // A block of 64 pixels takes at least a bit.
      source, pixelsAByte: 8 * 64, header: martlet_host_jpeg_header, decode: martlet_host_jpeg_decode,
      missing: "is a JPEG, which needs libjpeg-turbo: install it with `apt-get install libturbojpeg0`.")
    guard header.channels == 4 else { return image(header, channels: Int(header.channels), samples) }
    // Inverted CMYK: each sample says how much light the ink leaves.
    var pixels: [UInt8] = []
    pixels.reserveCapacity(samples.count / 4 * 3)
    for start in stride(from: 0, to: samples.count, by: 4) {
      for channel in 0..<3 {
        pixels.append(UInt8((Int(samples[start + channel]) * Int(samples[start + 3]) + 127) / 255))
      }
    }
    return image(header, channels: 3, pixels)
  }

  static func png(_ source: ByteSource) throws(DatasetError) -> Image {
    let (header, samples) = try decode(
      // Deflate makes at most 1,032 bytes of one, each of eight pixels at most.
      source, pixelsAByte: 8 * 1032, header: martlet_host_png_header, decode: martlet_host_png_decode,
      missing: "is a PNG, which needs libpng: install it with `apt-get install libpng16-16`.")
    let stored = Int(header.channels)
    guard stored % 2 == 0 else { return image(header, channels: stored, samples) }
    // The last sample is the transparency, which is left out.
    var pixels: [UInt8] = []
    pixels.reserveCapacity(samples.count / stored * (stored - 1))
    for start in stride(from: 0, to: samples.count, by: stored) { pixels += samples[start..<start + stored - 1] }
    return image(header, channels: stored - 1, pixels)
  }

  private static func image(_ header: martlet_host_image, channels: Int, _ pixels: [UInt8]) -> Image {
    Image(uncheckedWidth: Int(header.width), height: Int(header.height), channels: channels, pixels: pixels)
  }

  /// Pixels that a file of any size may state: they cost some megabytes.
  private static let alwaysDecoded = 1 << 20

  /// Reads the header, checks the extents, then decodes into memory of just that size.
  /// - Parameter pixelsAByte: more than this format can say in a byte; what the library takes for more pixels is not the file's.
  private static func decode(
    _ source: ByteSource, pixelsAByte: Int,
    header readHeader: (UnsafeRawPointer?, Int, UnsafeMutablePointer<martlet_host_image>?) -> Int32,
    decode: (UnsafeRawPointer?, Int, UnsafeMutablePointer<martlet_host_image>?, UnsafeMutablePointer<UInt8>?) -> Int32,
    missing: String
  ) throws(DatasetError) -> (header: martlet_host_image, samples: [UInt8]) {
    var header = martlet_host_image()
    var status = source.withUnsafeBytes { readHeader($0.baseAddress, $0.count, &header) }
    try check(status, header, source.name, missing: missing)
    let (width, height) = (Int(header.width), Int(header.height))
    try Image.check(width: width, height: height, name: source.name)
    guard width * height <= max(alwaysDecoded, source.count * pixelsAByte) else {
      throw DatasetError(
        "\(source.name) states \(width)×\(height) pixels, more than \(source.count) bytes can hold: it is cut short or damaged."
      )
    }
    let size = width * height * Int(header.channels)
    let samples = [UInt8](unsafeUninitializedCapacity: size) { output, count in
      status = source.withUnsafeBytes { decode($0.baseAddress, $0.count, &header, output.baseAddress) }
      count = status == 0 ? size : 0
    }
    try check(status, header, source.name, missing: missing)
    return (header, samples)
  }

  private static func check(
    _ status: Int32, _ header: martlet_host_image, _ name: String, missing: String
  ) throws(DatasetError) {
    switch Int(status) {
    case MARTLET_IMAGE_OK: return
    case MARTLET_IMAGE_NO_LIBRARY: throw DatasetError("\(name) \(missing)")
    default:
      let words = withUnsafeBytes(of: header.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      throw DatasetError("\(name) is damaged: \(words.isEmpty ? "it cannot be decoded" : words).")
    }
  }
}
