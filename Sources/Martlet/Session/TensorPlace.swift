import CShim

/// Where a tensor's bytes are, all of its rows or some.
struct TensorPlace {
  let record: UnsafePointer<TensorRecord>
  let base: UnsafeMutablePointer<UInt8>
  /// How many rows.
  let height: Int32

  /// Calls `body` with each value's number in H×W×C order and where its bytes begin.
  @inline(__always)
  func forEach(_ body: (Int, UnsafeMutablePointer<UInt8>) -> Void) {
    var index = 0
    let elementBytes = Int(record.pointee.elementBytes)
    for row in 0..<Int(height) {
      for column in 0..<Int(record.pointee.width) {
        let pixel =
          base + row * Int(truncatingIfNeeded: record.pointee.rowPitchBytes)
          + column * Int(truncatingIfNeeded: record.pointee.pixelPitchBytes)
        for channel in 0..<Int(record.pointee.channels) {
          body(index, pixel + channel * elementBytes)
          index += 1
        }
      }
    }
  }

  /// The value whose bytes begin here; of eight bits the int8 value.
  @inline(__always)
  func value(at bytes: UnsafeMutablePointer<UInt8>) -> Int32 {
    switch record.pointee.element {
    case .int16: Int32(martlet_load_int16(bytes))
    case .int32: martlet_load_int32(bytes)
    default: Int32(bytes.pointee) - 128
    }
  }

  /// Makes every value the zero point: real 0.
  func fillWithZeroPoint() {
    var rows = rows
    let bytes = record.pointee.elementBytes
    martlet_fill_values(&rows, bytes == 1 ? record.pointee.zeroPoint + 128 : record.pointee.zeroPoint, bytes)
  }

  /// Stores int8 values; as many as the tensor has.
  func set(_ values: Span<Int8>) { values.withUnsafeBytes { set($0.baseAddress) } }

  /// Stores int8 or little-endian int16 values, as the tensor's element type is, from the bytes of a file.
  func set(bytes: RawSpan) { bytes.withUnsafeBytes { set($0.baseAddress) } }

  /// Likewise, from the first of as many bytes as the tensor's values have.
  func set(_ values: UnsafeRawPointer?) { copy(from: rows(ofValues: values), to: rows) }

  /// Copies int8 values; as many as the tensor has.
  func copy(into values: inout MutableSpan<Int8>) {
    values.withUnsafeBytes { copy(from: rows, to: rows(ofValues: $0.baseAddress)) }
  }

  private func copy(from: martlet_rows, to: martlet_rows) {
    var (from, to) = (from, to)
    martlet_copy_values(&from, &to, record.pointee.elementBytes == 1 ? 0x80 : 0)
  }

  /// The tensor's bytes: as many channels as a pixel has bytes.
  private var rows: martlet_rows {
    martlet_rows(
      base: base, row_pitch_bytes: Int(truncatingIfNeeded: record.pointee.rowPitchBytes),
      pixel_pitch_bytes: Int(truncatingIfNeeded: record.pointee.pixelPitchBytes), rows_held: height,
      height: height, width: record.pointee.width, channels: record.pointee.pixelBytes)
  }

  /// Values of the tensor's shape without gaps, in the caller's memory.
  private func rows(ofValues values: UnsafeRawPointer?) -> martlet_rows {
    var rows = rows
    rows.base = UnsafeMutableRawPointer(mutating: values)?.assumingMemoryBound(to: UInt8.self)
    rows.pixel_pitch_bytes = Int(rows.channels)
    rows.row_pitch_bytes = rows.pixel_pitch_bytes * Int(rows.width)
    return rows
  }

  /// Stores real values, quantized: rounded to nearest even, clamped. NaN becomes the lowest value.
  func set(reals values: Span<Float>) {
    let scale = record.pointee.scale
    guard record.pointee.element == .int8 else {
      forEach { index, bytes in
        let steps = values[index] / scale
        let rounded = roundToEven(steps > -32768 ? min(steps, 32767) : -32768)
        martlet_store_int16(bytes, Int16(rounded))
      }
      return
    }
    let zeroPoint = Float(Int(record.pointee.zeroPoint) + 128)
    forEach { index, byte in
      let steps = values[index] / scale
      let stored = roundToEven(steps > -512 ? min(steps, 512) : -512) + zeroPoint
      byte.pointee = stored > 0 ? UInt8(min(stored, 255)) : 0
    }
  }

  /// Stores pixels through a file's pixel table.
  func set(pixels: Span<UInt8>, _ rule: UnsafePointer<PreprocessingRecord>) {
    let channels = Int(rule.pointee.channels)
    let blueFirst = channels == 3 && rule.pointee.channelOrder == 1
    var channel = 0
    forEach { index, byte in
      let source = blueFirst ? index - channel + 2 - channel : index
      byte.pointee = rule.pointee.pixelTable[channel * 256 + Int(pixels[source])]
      channel = channel + 1 == channels ? 0 : channel + 1
    }
  }

  /// float32 in −32768…32767 to the nearest integer, ties to even, without a library: 1.5·2²³ leaves no bit for fractions.
  private func roundToEven(_ value: Float) -> Float { (value + 12_582_912) - 12_582_912 }
}
