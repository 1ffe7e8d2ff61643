/// A TensorProto: its header, and where its message lies. The elements are read when they are used.
struct ONNXTensor {
  var name = ""
  var dimensions: [Int] = []
  var dataType = 0
  var isExternal = false
  /// Where the bytes of an external tensor are.
  var location = ExternalLocation()
  private var message: Range<Int>

  init(_ file: [UInt8], _ range: Range<Int>) throws(WireFault) {
    message = range
    var reader = WireReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case 1: try reader.appendSigned(field, to: &dimensions)
      case 2: dataType = try reader.signed(field)
      case 8: name = try reader.text(field)
      case 13: try location.add(file, try reader.bytes(field))
      case 14: isExternal = try reader.signed(field) == 1
      default: break
      }
    }
  }

  /// The names of TensorProto.DataType.
  static func typeName(_ dataType: Int) -> String {
    let names = [
      "undefined", "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16",
      "double", "uint32", "uint64", "complex64", "complex128", "bfloat16", "float8", "float8", "float8", "float8",
      "uint4", "int4",
    ]
    return names.indices.contains(dataType) ? names[dataType] : "element type \(dataType)"
  }

  /// Whether this TensorProto.DataType becomes floats here.
  static func isFloatingPoint(_ dataType: Int) -> Bool { [1, 10, 11, 16].contains(dataType) }

  /// Whether two elements of this TensorProto.DataType share a byte.
  static func isHalfByte(_ dataType: Int) -> Bool { dataType == 21 || dataType == 22 }

  /// Two elements of each byte, the lower half first; a last half may be left over.
  private func halfBytes(_ bytes: [Int], _ count: Int) -> [Int] {
    let isSigned = dataType == 22
    let halves = bytes.flatMap { byte in
      [byte & 15, byte >> 4 & 15].map { isSigned && $0 > 7 ? $0 - 16 : $0 }
    }
    return bytes.count == (count + 1) / 2 ? Array(halves.prefix(count)) : halves
  }

  /// The elements of a tensor in another file.
  private func externalConstant(_ count: Int, _ external: inout ExternalFiles) throws(Unsupported) -> Constant {
    guard let width = Self.widths[dataType] else {
      throw Unsupported(
        "its tensor '\(name)' is of type \(Self.typeName(dataType))", "Export with float, float16, int8 or uint8")
    }
    let byteCount = Self.isHalfByte(dataType) ? (count + 1) / 2 : count * width
    let bytes = try external.bytes(location, count: byteCount, tensor: name)
    var elements: Constant.Elements?
    do throws(WireFault) {
      elements = try rawElements(bytes, bytes.indices)
    } catch {
      throw damaged("cannot be read: \(error.reason)")
    }
    guard var elements else { throw damaged("has no elements") }
    if Self.isHalfByte(dataType), let halves = elements.integers { elements = .integers(halfBytes(halves, count)) }
    return Constant(shape: dimensions, elements: elements, type: dataType)
  }

  /// Bytes of an element of each TensorProto.DataType; those of two elements for half bytes.
  private static let widths = [
    1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2, 21: 1, 22: 1,
  ]

  /// The elements, as floats or as integers.
  /// - Throws: `Unsupported` when the data is elsewhere, of another type, or does not fill the shape.
  func constant(_ file: [UInt8], _ external: inout ExternalFiles) throws(Unsupported) -> Constant {
    let limit = isExternal ? 1 << 31 : file.count * 8
    guard dimensions.count <= 16, let count = checkedProduct(dimensions, limit: limit) else {
      throw damaged("has the impossible shape \(dimensions)")
    }
    if isExternal { return try externalConstant(count, &external) }
    var elements: Constant.Elements?
    do throws(WireFault) {
      elements = try readElements(file)
    } catch {
      throw damaged("cannot be read at byte \(error.offset): \(error.reason)")
    }
    if elements == nil, count == 0 { elements = Self.isFloatingPoint(dataType) ? .floats([]) : .integers([]) }
    guard var elements else {
      throw Unsupported(
        "its tensor '\(name)' is of type \(Self.typeName(dataType)) or has no data",
        "Export with float, float16, double, int4, int8, uint8, int32, int64 or bool")
    }
    if Self.isHalfByte(dataType), let bytes = elements.integers { elements = .integers(halfBytes(bytes, count)) }
    guard elements.count == count else {
      throw damaged("has \(elements.count) elements for the shape \(dimensions)")
    }
    return Constant(shape: dimensions, elements: elements, type: dataType)
  }

  private func readElements(_ file: [UInt8]) throws(WireFault) -> Constant.Elements? {
    var (floats, integers): ([Float], [Int]) = ([], [])
    var reader = WireReader(file, message)
    while let field = try reader.next() {
      switch field.number {
      case 4, 5, 7, 10, 11: try appendListed(field, reader, &floats, &integers)
      case 9:
        let range = try reader.bytes(field)
        if !range.isEmpty { return try rawElements(file, range) }
      default: break
      }
    }
    if !floats.isEmpty { return .floats(floats) }
    return integers.isEmpty ? nil : .integers(integers)
  }

  private func damaged(_ reason: String) -> Unsupported {
    Unsupported("its tensor '\(name)' \(reason)", "The file is damaged: export or download it again")
  }

  /// Typed lists: float_data, int32_data (which also holds the bits of smaller types), int64_data, double_data.
  private func appendListed(
    _ field: WireField, _ reader: WireReader, _ floats: inout [Float], _ integers: inout [Int]
  ) throws(WireFault) {
    switch (field.number, dataType) {
    case (4, 1): try reader.appendFloats(field, to: &floats)
    case (10, 11):
      var doubles: [Double] = []
      try reader.appendDoubles(field, to: &doubles)
      floats += doubles.map { Float($0) }
    case (5, 10), (5, 16):
      var bits: [Int] = []
      try reader.appendSigned(field, to: &bits)
      let convert = dataType == 10 ? halfFloat : brainFloat
      floats += bits.map { convert(UInt16(truncatingIfNeeded: $0)) }
    case (5, 2...6), (5, 9), (5, 21...22), (7, 7), (11, 12...13): try reader.appendSigned(field, to: &integers)
    default: break
    }
  }

  /// raw_data: little-endian, without gaps.
  private func rawElements(_ file: [UInt8], _ range: Range<Int>) throws(WireFault) -> Constant.Elements? {
    guard let width = Self.widths[dataType] else { return nil }
    guard range.count % width == 0 else {
      throw WireFault(offset: range.lowerBound, reason: "\(range.count) bytes are no whole number of elements")
    }
    let count = range.count / width
    return file.withUnsafeBytes { all in
      let bytes = UnsafeRawBufferPointer(rebasing: all[range])
      func list<Raw: BitwiseCopyable, Element>(_: Raw.Type, _ convert: (Raw) -> Element) -> [Element] {
        (0..<count).map { convert(bytes.loadUnaligned(fromByteOffset: $0 * width, as: Raw.self)) }
      }
      switch dataType {
      case 1:
        return .floats(
          [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
            filled = count
          })
      case 10: return .floats(list(UInt16.self, halfFloat))
      case 11: return .floats(list(UInt64.self) { Float(Double(bitPattern: $0)) })
      case 16: return .floats(list(UInt16.self, brainFloat))
      case 2, 9, 21, 22: return .integers(list(UInt8.self) { Int($0) })
      case 3: return .integers(list(Int8.self) { Int($0) })
      case 4: return .integers(list(UInt16.self) { Int($0) })
      case 5: return .integers(list(Int16.self) { Int($0) })
      case 6: return .integers(list(Int32.self) { Int($0) })
      case 12: return .integers(list(UInt32.self) { Int($0) })
      default: return .integers(list(Int64.self) { Int($0) })
      }
    }
  }
}

/// IEEE 754 binary16 → binary32, exactly.
func halfFloat(_ bits: UInt16) -> Float {
  let sign: Float = bits & 0x8000 == 0 ? 1 : -1
  let exponent = Int(bits >> 10 & 0x1f)
  let fraction = Float(bits & 0x3ff)
  switch exponent {
  case 0: return sign * fraction * 0x1p-24
  case 31: return fraction == 0 ? sign * .infinity : .nan
  default: return sign * (1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
  }
}

/// bfloat16 → binary32, exactly.
func brainFloat(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
