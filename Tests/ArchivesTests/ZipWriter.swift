import Archives

/// Writes small zip files, entry by entry, as the format's definition says.
struct ZipWriter {
  private(set) var body: [UInt8] = []
  private var directory: [UInt8] = []
  private var count = 0

  /// Adds an entry; `deflated` is the compressed form, nil stores the contents.
  mutating func add(_ name: String, _ contents: [UInt8], deflated: [UInt8]? = nil, wide: Bool = false, flags: Int = 0) {
    let data = deflated ?? contents
    let checksum = contents.withUnsafeBytes { Int(Inflate.crc32($0)) }
    let header = body.count
    let common =
      bytes(flags, 2) + bytes(deflated == nil ? 0 : 8, 2) + bytes(0, 4) + bytes(checksum, 4)
      + bytes(wide ? 0xFFFF_FFFF : data.count, 4) + bytes(wide ? 0xFFFF_FFFF : contents.count, 4)
      + bytes(name.utf8.count, 2)
    body += bytes(0x0403_4B50, 4) + bytes(20, 2) + common + bytes(0, 2) + Array(name.utf8) + data
    let extra =
      wide ? bytes(1, 2) + bytes(24, 2) + bytes(contents.count, 8) + bytes(data.count, 8) + bytes(header, 8) : []
    directory += bytes(0x0201_4B50, 4) + bytes(20, 2) + bytes(20, 2) + common + bytes(extra.count, 2) + bytes(0, 2)
    directory += bytes(0, 2) + bytes(0, 2) + bytes(0, 4) + bytes(wide ? 0xFFFF_FFFF : header, 4)
    directory += Array(name.utf8) + extra
    count += 1
  }

  /// The whole file, with the 64-bit end records if `wide`.
  func file(wide: Bool = false, comment: String = "") -> [UInt8] {
    var end: [UInt8] = []
    if wide {
      end += bytes(0x0606_4B50, 4) + bytes(44, 8) + bytes(45, 2) + bytes(45, 2) + bytes(0, 4) + bytes(0, 4)
      end += bytes(count, 8) + bytes(count, 8) + bytes(directory.count, 8) + bytes(body.count, 8)
      end += bytes(0x0706_4B50, 4) + bytes(0, 4) + bytes(body.count + directory.count, 8) + bytes(1, 4)
    }
    let stated = wide ? 0xFFFF : count
    end += bytes(0x0605_4B50, 4) + bytes(0, 2) + bytes(0, 2) + bytes(stated, 2) + bytes(stated, 2)
    end += bytes(directory.count, 4) + bytes(wide ? 0xFFFF_FFFF : body.count, 4)
    return body + directory + end + bytes(comment.utf8.count, 2) + Array(comment.utf8)
  }

  private func bytes(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}

/// A DEFLATE stream by hand: 260 times the letter A, with the fixed Huffman codes: the literal, a match of 258 at
/// distance 1, the literal, the end.
let deflatedLetters: [UInt8] = {
  var writer = BitWriter()
  writer.put(1, 1)  // last block
  writer.put(1, 2)  // fixed codes
  writer.putCode(0x30 + 65, 8)
  writer.putCode(0b1100_0101, 8)  // length 258
  writer.putCode(0, 5)  // distance 1
  writer.putCode(0x30 + 65, 8)
  writer.putCode(0, 7)  // end of block
  return writer.bytes
}()

private struct BitWriter {
  var bytes: [UInt8] = []
  private var used = 8

  mutating func put(_ value: Int, _ count: Int) {
    for bit in 0..<count {
      if used == 8 {
        bytes.append(0)
        used = 0
      }
      bytes[bytes.count - 1] |= UInt8(value >> bit & 1) << UInt8(used)
      used += 1
    }
  }

  /// Huffman codes go highest bit first.
  mutating func putCode(_ code: Int, _ count: Int) {
    for bit in (0..<count).reversed() { put(code >> bit & 1, 1) }
  }
}
