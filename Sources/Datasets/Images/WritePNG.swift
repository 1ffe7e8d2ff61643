import Archives
import CHost

extension Image {
  /// The picture as a PNG file, compressed where zlib is installed. The same picture and zlib give the same bytes.
  public var png: [UInt8] {
    var rows: [UInt8] = []
    rows.reserveCapacity((width * channels + 1) * height)
    for row in 0..<height {
      let line = pixels[row * width * channels..<(row + 1) * width * channels]
      // Filter 1: each sample less that of the pixel before.
      rows.append(1)
      for (place, value) in zip(line.indices, line) {
        rows.append(place - line.startIndex < channels ? value : value &- line[place - channels])
      }
    }
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    let extents = Self.bigEndian(UInt32(width)) + Self.bigEndian(UInt32(height))
    file += Self.chunk("IHDR", extents + [8, channels == 3 ? 2 : 0, 0, 0, 0])
    file += Self.chunk("IDAT", Self.compressed(rows) ?? Self.stored(rows))
    return file + Self.chunk("IEND", [])
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

  private static func chunk(_ kind: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(kind.utf8) + content
    return bigEndian(UInt32(content.count)) + body + bigEndian(body.withUnsafeBytes { Inflate.crc32($0) })
  }

  private static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
    var status: Int32 = 0
    let capacity = bytes.count + bytes.count / 1000 + 64
    let stream = [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
      status = martlet_host_deflate(bytes, bytes.count, output.baseAddress, capacity, &count)
    }
    return Int(status) == MARTLET_INFLATE_OK ? stream : nil
  }

  /// A zlib stream (RFC 1950) of blocks that are not compressed.
  static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    var start = 0
    repeat {
      let size = min(65535, bytes.count - start)
      let isLast = start + size == bytes.count
      stream += [isLast ? 1 : 0, UInt8(size & 255), UInt8(size >> 8), UInt8(~size & 255), UInt8(~size >> 8 & 255)]
      stream += bytes[start..<start + size]
      start += size
    } while start < bytes.count
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    return stream + bigEndian(b << 16 | a)
  }
}
