import Archives

/// BMP without compression: palettes of 1, 4 or 8 bits, 24 and 32 bits, rows upward or downward.
struct Bitmap {
  private let source: ByteSource

  init(_ source: ByteSource) { self.source = source }

  private struct Header {
    var dataOffset = 0
    var width = 0
    var height = 0
    var isTopDown = false
    var bits = 0
    var paletteOffset = 0
    var paletteCount = 0
    var rowBytes = 0
  }

  func image() throws(DatasetError) -> Image {
    let header = try readHeader()
    return header.bits <= 8 ? try indexed(header) : try direct(header)
  }

  private func readHeader() throws(DatasetError) -> Header {
    guard let dataOffset = source.littleEndian(UInt32.self, at: 10),
      let headerBytes = source.littleEndian(UInt32.self, at: 14),
      let width = source.littleEndian(Int32.self, at: 18),
      let height = source.littleEndian(Int32.self, at: 22),
      let bits = source.littleEndian(UInt16.self, at: 28),
      let compression = source.littleEndian(UInt32.self, at: 30),
      let colors = source.littleEndian(UInt32.self, at: 46)
    else { throw damaged("it ends early") }
    guard 40...124 ~= headerBytes else { throw unsupported("its header of \(headerBytes) bytes") }
    guard [1, 4, 8, 24, 32].contains(bits) else { throw unsupported("\(bits) bits a pixel") }
    let masks = (0..<3).map { source.littleEndian(UInt32.self, at: 54 + 4 * $0) }
    guard compression == 0 || (compression == 3 && bits == 32 && masks == [0xFF0000, 0xFF00, 0xFF]) else {
      throw unsupported("its compression (\(compression))")
    }
    var header = Header()
    header.dataOffset = Int(dataOffset)
    header.width = Int(width)
    header.height = abs(Int(height))
    header.isTopDown = height < 0
    try Image.check(width: header.width, height: header.height, name: source.name)
    header.bits = Int(bits)
    header.paletteOffset = 14 + Int(headerBytes)
    header.paletteCount = colors == 0 ? 1 << min(8, header.bits) : min(256, Int(colors))
    header.rowBytes = (header.width * header.bits + 31) / 32 * 4
    guard header.dataOffset <= source.count, header.rowBytes <= (source.count - header.dataOffset) / header.height
    else { throw damaged("it ends early") }
    return header
  }

  private func row(_ row: Int, _ header: Header) throws(DatasetError) -> [UInt8] {
    let stored = header.isTopDown ? row : header.height - 1 - row
    let offset = header.dataOffset + stored * header.rowBytes
    guard let bytes = source.bytes(at: offset, count: header.rowBytes) else { throw damaged("it ends early") }
    return bytes
  }

  /// A palette of grays gives one channel.
  private func indexed(_ header: Header) throws(DatasetError) -> Image {
    guard let palette = source.bytes(at: header.paletteOffset, count: 4 * header.paletteCount) else {
      throw damaged("its palette ends early")
    }
    let colors = stride(from: 0, to: palette.count, by: 4).map { (palette[$0 + 2], palette[$0 + 1], palette[$0]) }
    let isGray = colors.allSatisfy { $0.0 == $0.1 && $0.1 == $0.2 }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(header.width * header.height * (isGray ? 1 : 3))
    for rowIndex in 0..<header.height {
      let bytes = try row(rowIndex, header)
      for column in 0..<header.width {
        let bit = column * header.bits
        let index = Int(bytes[bit / 8]) >> (8 - header.bits - bit % 8) & (1 << header.bits - 1)
        guard index < colors.count else { throw damaged("a pixel's color is not in its palette") }
        pixels.append(colors[index].0)
        if !isGray { pixels += [colors[index].1, colors[index].2] }
      }
    }
    return Image(
      uncheckedWidth: header.width, height: header.height, channels: isGray ? 1 : 3, pixels: pixels)
  }

  private func direct(_ header: Header) throws(DatasetError) -> Image {
    let pixelBytes = header.bits / 8
    var pixels: [UInt8] = []
    pixels.reserveCapacity(header.width * header.height * 3)
    for rowIndex in 0..<header.height {
      let bytes = try row(rowIndex, header)
      for column in 0..<header.width {
        let start = column * pixelBytes
        pixels.append(bytes[start + 2])
        pixels.append(bytes[start + 1])
        pixels.append(bytes[start])
      }
    }
    return Image(uncheckedWidth: header.width, height: header.height, channels: 3, pixels: pixels)
  }

  private func damaged(_ reason: String) -> DatasetError { DatasetError("\(source.name) is a damaged BMP: \(reason).") }

  private func unsupported(_ what: String) -> DatasetError {
    DatasetError("\(source.name) is a BMP of a kind that Martlet does not read (\(what)): save it as PNG.")
  }
}
