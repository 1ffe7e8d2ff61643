/// A binary PPM (P6) or PGM (P5) picture of 8 bits a sample, where it lies.
struct Picture {
  let width: Int
  let height: Int
  let channels: Int
  let samples: UnsafeBufferPointer<UInt8>

  /// Nil when the bytes are no such picture.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 2, bytes[0] == 0x50, bytes[1] == 0x35 || bytes[1] == 0x36 else { return nil }
    channels = bytes[1] == 0x36 ? 3 : 1
    var position = 2
    guard let width = Self.number(bytes, &position), let height = Self.number(bytes, &position),
      let largest = Self.number(bytes, &position), largest == 255, position < bytes.count
    else { return nil }
    position += 1
    self.width = width
    self.height = height
    guard width > 0, height > 0, bytes.count - position >= width * height * channels else { return nil }
    samples = UnsafeBufferPointer(
      start: bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self) + position,
      count: width * height * channels)
  }

  /// The next number of the header, comments skipped; at most 32767.
  private static func number(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Int? {
    var isComment = false
    while position < bytes.count, isComment || !(0x30...0x39).contains(bytes[position]) {
      let byte = bytes[position]
      if byte == 0x23 { isComment = true }
      if byte == 0x0A { isComment = false }
      guard isComment || byte == 0x20 || (0x09...0x0D).contains(byte) else { return nil }
      position += 1
    }
    var number = 0
    let first = position
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
      number = number * 10 + Int(bytes[position] - 0x30)
      guard number <= 32_767 else { return nil }
      position += 1
    }
    return position > first ? number : nil
  }
}
