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
    var rows = rows
    let bytes = record.elementBytes
    martlet_fill_values(&rows, bytes == 1 ? record.zeroPoint + 128 : record.zeroPoint, bytes)
  }

  /// Stores int8 values; as many as the tensor has.
  func set(_ values: Span<Int8>) {
    values.withUnsafeBytes { values in
      var (from, to) = (rows(ofValues: values.baseAddress), rows)
      martlet_copy_flipped(&from, &to)
    }
  }

  /// Copies int8 values; as many as the tensor has.
  func copy(into values: inout MutableSpan<Int8>) {
    values.withUnsafeBytes { values in
      var (from, to) = (rows, rows(ofValues: values.baseAddress))
      martlet_copy_flipped(&from, &to)
    }
  }

  private var rows: martlet_rows {
    martlet_rows(
      base: base, row_pitch_bytes: Int(truncatingIfNeeded: record.rowPitchBytes),
      pixel_pitch_bytes: Int(truncatingIfNeeded: record.pixelPitchBytes), rows_held: record.height,
      height: record.height, width: record.width, channels: record.channels)
  }

  /// Values of the tensor's shape without gaps, in the caller's memory.
  private func rows(ofValues values: UnsafeRawPointer?) -> martlet_rows {
    var rows = rows
    rows.base = UnsafeMutableRawPointer(mutating: values)?.assumingMemoryBound(to: UInt8.self)
    rows.pixel_pitch_bytes = Int(rows.channels)
    rows.row_pitch_bytes = rows.pixel_pitch_bytes * Int(rows.width)
    return rows
  }

  /// Stores int8 or little-endian int16 values, as the tensor's element type is, from the bytes of a file.
  func set(bytes: RawSpan) {
    let isInt16 = record.element == .int16
    forEach { index, place in
      if isInt16 {
        place[0] = bytes.unsafeLoad(fromByteOffset: 2 * index, as: UInt8.self)
        place[1] = bytes.unsafeLoad(fromByteOffset: 2 * index + 1, as: UInt8.self)
      } else {
        place.pointee = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) ^ 0x80
      }
    }
  }

  /// Stores real values, quantized: rounded to nearest even, clamped. NaN becomes the lowest value.
  func set(reals values: Span<Float>) {
    let scale = record.scale
    guard record.element == .int8 else {
      forEach { index, bytes in
        let steps = values[index] / scale
        let rounded = roundToEven(steps > -32768 ? min(steps, 32767) : -32768)
        martlet_store_int16(bytes, Int16(rounded))
      }
      return
    }
    let zeroPoint = Float(Int(record.zeroPoint) + 128)
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
