import CHost

/// Text to a file descriptor through a small fixed buffer: `print` allocates, this does not.
struct Console: ~Copyable {
  private let descriptor: Int32
  private var buffer = InlineArray<512, UInt8>(repeating: 0)
  private var count = 0
  /// The first error of a write, or 0.
  private(set) var failure: Int32 = 0

  /// 1 is standard output, 2 standard error.
  init(descriptor: Int32) { self.descriptor = descriptor }

  mutating func put(byte: UInt8) {
    if count == 512 { flush() }
    buffer[count] = byte
    count += 1
  }

  mutating func put(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { put(byte: text.utf8Start[index]) }
  }

  mutating func put(cString text: UnsafePointer<CChar>) {
    var index = 0
    while text[index] != 0 {
      put(byte: UInt8(bitPattern: text[index]))
      index += 1
    }
  }

  mutating func put(_ text: UnsafeRawBufferPointer) {
    for index in 0..<text.count { put(byte: text[index]) }
  }

  /// At least `width` characters, filled from the left with `fill`.
  mutating func put(_ number: Int, width: Int = 1, fill: UInt8 = 0x20) {
    if number < 0 {
      put(byte: 0x2D)
      return put(0 - number, width: width - 1, fill: fill)
    }
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var length = 0
    var rest = number
    repeat {
      digits[length] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
      length += 1
      rest /= 10
    } while rest > 0
    for _ in 0..<max(0, width - length) { put(byte: fill) }
    while length > 0 {
      length -= 1
      put(byte: digits[length])
    }
  }

  /// With `decimals` digits after the point; values beyond a billion are cut to it.
  mutating func put(_ value: Float, decimals: Int) {
    var unit: Float = 1
    var units = 1
    for _ in 0..<decimals {
      unit *= 10
      units *= 10
    }
    let magnitude = min(value < 0 ? -value : value, 1e9)
    let scaled = Int(magnitude * unit + 0.5)
    put(byte: value < 0 ? 0x2D : 0x20)
    put(scaled / units)
    put(byte: 0x2E)
    put(scaled % units, width: decimals, fill: 0x30)
  }

  mutating func flush() {
    buffer.span.withUnsafeBytes { bytes in
      let status = martlet_host_write(descriptor, bytes.baseAddress, count)
      if failure == 0 { failure = status }
    }
    count = 0
  }
}
