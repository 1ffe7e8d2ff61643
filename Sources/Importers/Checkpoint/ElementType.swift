/// The types of number that checkpoints hold; all become float32.
enum ElementType: Sendable {
  case float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8, boolean

  /// Bytes of one element.
  var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .boolean: 1
    }
  }

  /// The values of little-endian elements that fill `bytes`.
  func values(_ bytes: UnsafeRawBufferPointer) -> [Float] {
    switch self {
    case .float32: convert(bytes, UInt32.self) { Float(bitPattern: $0) }
    case .float64: convert(bytes, UInt64.self) { Float(Double(bitPattern: $0)) }
    case .float16: convert(bytes, UInt16.self) { Float(Float16(bitPattern: $0)) }
    case .bfloat16: convert(bytes, UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .int64: convert(bytes, Int64.self) { Float($0) }
    case .int32: convert(bytes, Int32.self) { Float($0) }
    case .int16: convert(bytes, Int16.self) { Float($0) }
    case .int8: convert(bytes, Int8.self) { Float($0) }
    case .uint8: convert(bytes, UInt8.self) { Float($0) }
    case .boolean: convert(bytes, UInt8.self) { $0 == 0 ? 0 : 1 }
    }
  }

  private func convert<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ type: Integer.Type, _ value: (Integer) -> Float
  ) -> [Float] {
    let size = MemoryLayout<Integer>.size
    let count = bytes.count / size
    return [Float](unsafeUninitializedCapacity: count) { output, initializedCount in
      for index in 0..<count {
        let bits = bytes.loadUnaligned(fromByteOffset: index * size, as: Integer.self)
        output.initializeElement(at: index, to: value(Integer(littleEndian: bits)))
      }
      initializedCount = count
    }
  }
}
