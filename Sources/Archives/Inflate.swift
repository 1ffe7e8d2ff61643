import CHost

/// Decompression of DEFLATE data, in one go and with a limit.
public enum Inflate {
  /// What surrounds the compressed data.
  public enum Wrapper: Int32, Sendable {
    /// Nothing (RFC 1951), as in zip entries.
    case none = 0
    /// A zlib header and an Adler-32 (RFC 1950).
    case zlib = 1
    /// A gzip header and a CRC-32 (RFC 1952).
    case gzip = 2
  }

  /// The first two bytes of a gzip file.
  public static let gzipMagic: [UInt8] = [0x1F, 0x8B]

  /// No DEFLATE stream grows by more than this, so a larger stated size is refused before memory is taken for it (a
  /// match of 258 bytes costs at least two bits).
  static let greatestRatio = 1032

  /// Decompresses `bytes` (of the file `name`), which must give exactly `size` bytes.
  public static func bytes(
    _ bytes: UnsafeRawBufferPointer, wrapper: Wrapper, size: Int, name: String
  ) throws(ArchiveError) -> [UInt8] {
    guard size >= 0, size / greatestRatio <= bytes.count else {
      throw ArchiveError("\(name) is damaged: it states \(size) bytes, more than its compressed data can hold.")
    }
    let (status, output) = run(bytes, wrapper: wrapper, capacity: size)
    try check(status, name: name, limit: size)
    guard output.count == size else {
      throw ArchiveError("\(name) is damaged: it states \(size) bytes, but \(output.count) came out.")
    }
    return output
  }

  /// Decompresses the gzip file `source`; throws when more than `limit` bytes come out.
  public static func gzip(_ source: ByteSource, limit: Int = 1 << 30) throws(ArchiveError) -> [UInt8] {
    // The last four bytes state the size modulo 2^32 of the last member: a good guess, but only that.
    let stated = Int(source.littleEndian(UInt32.self, at: source.count - 4) ?? 0)
    let possible = source.count.multipliedReportingOverflow(by: greatestRatio)
    let greatest = possible.overflow ? limit : min(limit, possible.partialValue)
    var capacity = min(greatest, max(stated, 4096))
    while true {
      let (status, output) = source.withUnsafeBytes { run($0, wrapper: .gzip, capacity: capacity) }
      if status == MARTLET_INFLATE_TOO_LONG, capacity < greatest {
        capacity = capacity > greatest / 4 ? greatest : capacity * 4
        continue
      }
      try check(status, name: source.name, limit: capacity)
      return output
    }
  }

  private static func run(
    _ bytes: UnsafeRawBufferPointer, wrapper: Wrapper, capacity: Int
  ) -> (status: Int, output: [UInt8]) {
    var status: Int32 = 0
    // zlib takes no null pointers, which an empty Swift array may hand out.
    let output = [UInt8](unsafeUninitializedCapacity: max(1, capacity)) { buffer, count in
      status = martlet_host_inflate(
        wrapper.rawValue, bytes.baseAddress, bytes.count, buffer.baseAddress, capacity, &count)
    }
    return (Int(status), output)
  }

  private static func check(_ status: Int, name: String, limit: Int) throws(ArchiveError) {
    switch status {
    case MARTLET_INFLATE_OK: return
    case MARTLET_INFLATE_NO_LIBRARY:
      throw ArchiveError(
        "\(name) is compressed and zlib is not installed: install it with `apt-get install zlib1g`.")
    case MARTLET_INFLATE_NO_MEMORY: throw ArchiveError("\(name) cannot be decompressed: memory ran out.")
    case MARTLET_INFLATE_TRUNCATED:
      throw ArchiveError("\(name) ends in the middle of its compressed data: fetch it again.")
    case MARTLET_INFLATE_TOO_LONG:
      throw ArchiveError("\(name) holds more than the \(limit) bytes that it may.")
    default: throw ArchiveError("\(name) is damaged: its compressed data break the format's rules.")
    }
  }
}

extension Inflate {
  /// CRC-32 as zip, gzip and PNG use it.
  public static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    martlet_host_crc32(bytes.baseAddress, bytes.count)
  }
}
