import CShim

/// Where a tensor's bytes are.
struct TensorPlace {
  let record: TensorRecord
  let base: UnsafeMutablePointer<UInt8>

  /// Calls `body` with each value's number in H×W×C order and where its bytes begin.
  @inline(__always)
  func forEach(_ body: (Int, UnsafeMutablePointer<UInt8>) -> Void) {
    var index = 0
    let elementBytes = Int(record.elementBytes)
    for row in 0..<Int(record.height) {
      for column in 0..<Int(record.width) {
        let pixel =
          base + row * Int(truncatingIfNeeded: record.rowPitchBytes)
          + column * Int(truncatingIfNeeded: record.pixelPitchBytes)
        for channel in 0..<Int(record.channels) {
          body(index, pixel + channel * elementBytes)
          index += 1
        }
      }
    }
  }

  /// The value whose bytes begin here; of eight bits the int8 value.
  @inline(__always)
  func value(at bytes: UnsafeMutablePointer<UInt8>) -> Int32 {
    switch record.element {
    case .int16: Int32(martlet_load_int16(bytes))
    case .int32: martlet_load_int32(bytes)
    default: Int32(bytes.pointee) - 128
    }
  }

  /// Makes every value the zero point: real 0.
  func fillWithZeroPoint() {
    let type = record.element
    let stored = type == .int8 ? UInt8(truncatingIfNeeded: record.zeroPoint + 128) : 0
    forEach { _, bytes in
      for byte in 0..<Int(record.elementBytes) { bytes[byte] = stored }
    }
  }
}
