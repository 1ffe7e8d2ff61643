import Archives

/// PGM and PPM (Netpbm's formats P2, P3, P5 and P6; the first picture of the file).
struct PortableAnymap {
  private let source: ByteSource
  private var offset = 2

  init(_ source: ByteSource) { self.source = source }

  static func isPortableAnymap(_ source: ByteSource) -> Bool {
    guard source[0] == UInt8(ascii: "P"), let kind = source[1], let separator = source[2] else { return false }
    return "2356".utf8.contains(kind) && (isSpace(separator) || separator == UInt8(ascii: "#"))
  }

  func image() throws(DatasetError) -> Image {
    var reader = self
    return try reader.read()
  }

  private mutating func read() throws(DatasetError) -> Image {
    let kind = source[1] ?? 0
    let isText = kind == UInt8(ascii: "2") || kind == UInt8(ascii: "3")
    let channels = kind == UInt8(ascii: "2") || kind == UInt8(ascii: "5") ? 1 : 3
    let (width, height, greatest) = (try number(), try number(), try number())
    try Image.check(width: width, height: height, name: source.name)
    guard 1...65535 ~= greatest else { throw damaged("its greatest value is \(greatest)") }
    let count = width * height * channels
    let samples = try isText ? textSamples(count, greatest) : binarySamples(count, greatest)
    return Image(uncheckedWidth: width, height: height, channels: channels, pixels: samples)
  }

  private mutating func textSamples(_ count: Int, _ greatest: Int) throws(DatasetError) -> [UInt8] {
    // A sample takes at least one digit and a space, so this fails before memory is taken for a false size.
    guard count <= (source.count - offset + 1) / 2 else { throw damaged("it ends early") }
    var samples: [UInt8] = []
    samples.reserveCapacity(count)
    for _ in 0..<count { samples.append(Self.scaled(try number(), greatest)) }
    return samples
  }

  private func binarySamples(_ count: Int, _ greatest: Int) throws(DatasetError) -> [UInt8] {
    // One white space follows the header.
    let start = offset + 1
    let sampleBytes = greatest < 256 ? 1 : 2
    guard let bytes = source.bytes(at: start, count: count * sampleBytes) else { throw damaged("it ends early") }
    if greatest == 255 { return bytes }
    if sampleBytes == 1 { return bytes.map { Self.scaled(Int($0), greatest) } }
    return (0..<count).map { Self.scaled(Int(bytes[2 * $0]) << 8 | Int(bytes[2 * $0 + 1]), greatest) }
  }

  /// 0…greatest to 0…255, rounded to the nearest.
  private static func scaled(_ value: Int, _ greatest: Int) -> UInt8 {
    UInt8((2 * 255 * min(value, greatest) + greatest) / (2 * greatest))
  }

  /// The next decimal number, after white space and comments (from # to the end of the line).
  private mutating func number() throws(DatasetError) -> Int {
    while let byte = source[offset], Self.isSpace(byte) || byte == UInt8(ascii: "#") {
      if byte == UInt8(ascii: "#") {
        while let skipped = source[offset], skipped != UInt8(ascii: "\n") { offset += 1 }
      } else {
        offset += 1
      }
    }
    var value = 0
    let start = offset
    while let byte = source[offset], 48...57 ~= byte {
      guard value < 1_000_000_000 else { throw damaged("a number is too large") }
      value = value * 10 + Int(byte - 48)
      offset += 1
    }
    guard offset > start else { throw damaged(source[offset] == nil ? "it ends early" : "a number is missing") }
    return value
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || 9...13 ~= byte }

  private func damaged(_ reason: String) -> DatasetError { DatasetError("\(source.name) is a damaged PPM: \(reason).") }
}
