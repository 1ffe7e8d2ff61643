import Foundation

/// One array of a .npy file: a shape, a type of numbers, and the numbers in C order (last axis fastest).
public struct NumpyArray: Sendable, Equatable {
  /// The numbers' type, named as NumPy spells it.
  public enum Element: String, Sendable, CaseIterable {
    case bool = "b1"
    case int8 = "i1"
    case uint8 = "u1"
    case int16 = "i2"
    case uint16 = "u2"
    case int32 = "i4"
    case uint32 = "u4"
    case int64 = "i8"
    case uint64 = "u8"
    case float16 = "f2"
    case float32 = "f4"
    case float64 = "f8"

    /// Bytes that one number takes.
    public var bytes: Int { Int(rawValue.utf8.last! - UInt8(ascii: "0")) }

    /// Whether the numbers are floating-point.
    public var isFloat: Bool { rawValue.hasPrefix("f") }
  }

  /// Extents, slowest axis first; empty for a single number.
  public let shape: [Int]
  /// The numbers' type.
  public let element: Element
  /// The numbers, little-endian, in C order: product(shape) × element.bytes bytes.
  public let bytes: [UInt8]

  /// How many numbers there are.
  public var count: Int { bytes.count / element.bytes }

  /// An array of the given bytes; nil where their number does not fit the shape.
  public init?(shape: [Int], element: Element, bytes: [UInt8]) {
    guard Self.byteCount(shape: shape, element: element) == bytes.count else { return nil }
    (self.shape, self.element, self.bytes) = (shape, element, bytes)
  }

  /// An array of 32-bit floats; nil where their number does not fit the shape.
  public init?(shape: [Int], floats: [Float]) {
    self.init(
      shape: shape, element: .float32,
      bytes: floats.map(\.bitPattern.littleEndian).withUnsafeBytes { [UInt8]($0) })
  }

  /// An array of signed bytes; nil where their number does not fit the shape.
  public init?(shape: [Int], int8 values: [Int8]) {
    self.init(shape: shape, element: .int8, bytes: values.withUnsafeBytes { [UInt8]($0) })
  }

  /// The numbers as 32-bit floats, rounded where they do not fit.
  public func floats() -> [Float] {
    bytes.withUnsafeBytes { bytes in
      func converted<Stored: FixedWidthInteger & BitwiseCopyable>(
        _ type: Stored.Type, _ convert: (Stored) -> Float
      ) -> [Float] {
        (0..<count).map { index in
          convert(Stored(littleEndian: bytes.loadUnaligned(fromByteOffset: index * element.bytes, as: type)))
        }
      }
      return switch element {
      case .bool, .uint8: converted(UInt8.self, Float.init)
      case .int8: converted(Int8.self, Float.init)
      case .int16: converted(Int16.self, Float.init)
      case .uint16: converted(UInt16.self, Float.init)
      case .int32: converted(Int32.self, Float.init)
      case .uint32: converted(UInt32.self, Float.init)
      case .int64: converted(Int64.self, Float.init)
      case .uint64: converted(UInt64.self, Float.init)
      case .float16: converted(UInt16.self) { Float(Float16(bitPattern: $0)) }
      case .float32: converted(UInt32.self) { Float(bitPattern: $0) }
      case .float64: converted(UInt64.self) { Float(Double(bitPattern: $0)) }
      }
    }
  }

  /// The numbers as integers; nil where the type is floating-point or a number is larger than `Int.max`.
  public func integers() -> [Int]? {
    guard !element.isFloat else { return nil }
    return bytes.withUnsafeBytes { bytes in
      func converted<Stored: FixedWidthInteger & BitwiseCopyable>(_ type: Stored.Type) -> [Int]? {
        var values: [Int] = []
        values.reserveCapacity(count)
        for offset in stride(from: 0, to: bytes.count, by: element.bytes) {
          let stored = Stored(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
          guard let value = Int(exactly: stored) else { return nil }
          values.append(value)
        }
        return values
      }
      return switch element {
      case .int8: converted(Int8.self)
      case .int16: converted(Int16.self)
      case .uint16: converted(UInt16.self)
      case .int32: converted(Int32.self)
      case .uint32: converted(UInt32.self)
      case .int64: converted(Int64.self)
      case .uint64: converted(UInt64.self)
      default: converted(UInt8.self)
      }
    }
  }

  /// Bytes that an array takes, or nil for a negative extent or a size beyond what can be addressed.
  static func byteCount(shape: [Int], element: Element) -> Int? {
    var product = element.bytes
    for extent in shape {
      let next = product.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !next.overflow else { return nil }
      product = next.partialValue
    }
    return product
  }
}
