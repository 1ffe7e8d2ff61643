import CShim

/// Arithmetic of the Verifier: 64 bits on every target, saturating where a product could pass them.
/// (Swift's own conversion to Int64 is not available without allocation on 32-bit targets.)
enum Wide {
  static func of(_ value: Int32) -> Int64 { martlet_widen(value) }

  static func of(_ value: UInt32) -> Int64 { martlet_widen_unsigned(value) }

  static func of(_ value: Int) -> Int64 { martlet_widen_size(value) }

  /// Cannot overflow.
  static func product(_ first: Int32, _ second: Int32) -> Int64 { martlet_widening_product(first, second) }

  /// Operands must not be negative.
  static func product(_ first: Int64, _ second: Int64) -> Int64 { martlet_saturating_product(first, second) }

  /// `value`, which must not be negative, divided by 2^`bits`: 32-bit processors divide 64 bits by a library alone.
  static func shiftedRight(_ value: Int64, by bits: Int32) -> Int64 { martlet_shifted_right(value, bits) }

  /// `step` must be a power of two.
  static func roundedUp(_ value: Int64, toMultipleOf step: Int64) -> Int64 { (value + step - 1) & ~(step - 1) }
}

/// Floats by their bits: a processor without floating point needs a library to compare them otherwise.
extension Float {
  /// Above 0, and no infinity.
  var isPositiveAndFinite: Bool { bitPattern &- 1 < 0x7F7F_FFFF }
}

extension Extent {
  /// One past the last byte, from the section's start.
  var end: Int64 { Wide.of(offset) + Wide.of(bytes) }
}

extension TensorRecord {
  /// Bytes from the tensor's first byte to one past its last, gaps between pixels and rows included. `rowBytes` must be
  /// in its limits.
  var spanBytes: Int64 {
    Wide.product(rowsHeld - 1, Int32(bitPattern: rowPitchBytes)) + Wide.of(rowBytes)
  }

  /// Values of the tensor: height × width × channels.
  var elementCount: Int64 { Wide.product(Wide.product(height, width), Wide.of(channels)) }

  /// True when the values lie without a gap. For tensors whose pitches are in their limits.
  var isPacked: Bool {
    (width == 1 || pixelPitchBytes == UInt32(bitPattern: pixelBytes))
      && (height == 1 || rowPitchBytes == UInt32(bitPattern: width &* pixelBytes))
  }

  /// Same height, width and channels.
  func hasShape(of other: TensorRecord) -> Bool {
    height == other.height && width == other.width && channels == other.channels
  }

  /// Bytes of all values, gaps left out.
  var valueBytes: Int64 {
    @inline(never) get { Wide.product(elementCount, Wide.of(elementBytes)) }
  }

  /// Same element type, scale and zero point: bytes mean the same values.
  func hasQuantization(of other: TensorRecord) -> Bool {
    elementType == other.elementType && scale == other.scale && zeroPoint == other.zeroPoint
  }

  /// Same shape at the same place: what an operator needs to work in place.
  func coincides(with other: UnsafePointer<TensorRecord>) -> Bool {
    let other = other.pointee
    return hasShape(of: other) && elementType == other.elementType && arenaOffset == other.arenaOffset
      && rowPitchBytes == other.rowPitchBytes
      && pixelPitchBytes == other.pixelPitchBytes && rowsHeld == other.rowsHeld
  }
}
