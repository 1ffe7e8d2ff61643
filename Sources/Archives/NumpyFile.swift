import Foundation

/// Reading and writing .npy (NumPy's format specification, versions 1.0 to 3.0) and reading .npz.
extension NumpyArray {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Whether `source` begins as a .npy file does.
  public static func isNumpy(_ source: ByteSource) -> Bool { source.starts(with: magic) }

  /// Reads the .npy file at `path`.
  public init(contentsOf path: String) throws(ArchiveError) { try self.init(ByteSource(contentsOf: path)) }

  /// Reads a .npy file. Little-endian numbers of the types in `Element`; arrays in Fortran order are transposed to C
  /// order. Bytes behind the numbers are refused.
  public init(_ source: ByteSource) throws(ArchiveError) {
    guard Self.isNumpy(source), let major = source[6] else {
      throw ArchiveError("\(source.name) is not a .npy file.")
    }
    // Version 1.0 states its header's length in two bytes, the later ones in four.
    let start = major == 1 ? 10 : 12
    let stated =
      major == 1
      ? source.littleEndian(UInt16.self, at: 8).map(Int.init) : source.littleEndian(UInt32.self, at: 8).map(Int.init)
    guard 1...3 ~= major, let headerBytes = stated, let text = source.bytes(at: start, count: headerBytes) else {
      throw ArchiveError("\(source.name) has a damaged .npy header.")
    }
    let header = try NumpyHeader(String(decoding: text, as: UTF8.self), name: source.name)
    let offset = start + headerBytes
    guard let size = Self.byteCount(shape: header.shape, element: header.element), size == source.count - offset,
      let bytes = source.bytes(at: offset, count: size)
    else {
      throw ArchiveError("\(source.name) states the shape \(header.shape), but holds \(source.count - offset) bytes.")
    }
    (shape, element) = (header.shape, header.element)
    self.bytes =
      header.isFortranOrder ? Self.reordered(bytes, shape: header.shape, elementBytes: header.element.bytes) : bytes
  }

  /// The arrays of the .npz file at `path` with their names (without `.npy`), in the file's order.
  public static func archive(contentsOf path: String) throws(ArchiveError) -> [(name: String, array: NumpyArray)] {
    try archive(ByteSource(contentsOf: path))
  }

  /// The arrays of a .npz file with their names (without `.npy`), in the file's order.
  public static func archive(_ source: ByteSource) throws(ArchiveError) -> [(name: String, array: NumpyArray)] {
    let zip = try ZipArchive(source)
    var arrays: [(name: String, array: NumpyArray)] = []
    for entry in zip.entries where entry.name.hasSuffix(".npy") {
      let bytes = ByteSource(try zip.contents(of: entry), name: "\(source.name):\(entry.name)")
      arrays.append((String(entry.name.dropLast(4)), try NumpyArray(bytes)))
    }
    guard !arrays.isEmpty else { throw ArchiveError("\(source.name) is a zip file without a .npy array in it.") }
    return arrays
  }

  /// The array as a .npy file, version 1.0, padded so that the numbers begin at a multiple of 64 bytes.
  public func encoded() -> [UInt8] {
    let kind = element.bytes == 1 ? "|" : "<"
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = "{'descr': '\(kind)\(element.rawValue)', 'fortran_order': False, 'shape': (\(extents)), }"
    let padding = 63 - (10 + header.utf8.count) % 64
    header += String(repeating: " ", count: padding) + "\n"
    let length = UInt16(header.utf8.count)
    return Self.magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8) + bytes
  }

  /// Writes the array to the .npy file `path`.
  public func write(to path: String) throws(ArchiveError) {
    do {
      try Data(encoded()).write(to: URL(fileURLWithPath: path))
    } catch {
      throw ArchiveError("\(path) cannot be written: check that its folder exists and that you may write there.")
    }
  }

  /// Fortran order (first axis fastest) to C order.
  private static func reordered(_ bytes: [UInt8], shape: [Int], elementBytes: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var strides = [Int](repeating: elementBytes, count: shape.count)
    for axis in shape.indices.dropFirst() { strides[axis] = strides[axis - 1] * shape[axis - 1] }
    var index = [Int](repeating: 0, count: shape.count)
    while result.count < bytes.count {
      let offset = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
      result += bytes[offset..<offset + elementBytes]
      for axis in shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
    return result
  }
}
