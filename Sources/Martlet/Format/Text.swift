/// UTF-8 in a model file. It lives as long as the file's bytes.
public struct Text {
  let bytes: UnsafeRawBufferPointer

  /// Length in bytes.
  public var byteCount: Int { bytes.count }

  /// Byte number `position`.
  public subscript(position: Int) -> UInt8 { bytes[position] }

  /// Calls `body` with the bytes, to print or compare them.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { body(bytes) }

  /// Line number `line`, without its end, or nil when there are fewer.
  public func line(_ line: Int) -> Text? {
    guard line >= 0 else { return nil }
    var remaining = line
    var first = 0
    for position in 0..<bytes.count where bytes[position] == 0x0A {
      if remaining == 0 { return Text(bytes: UnsafeRawBufferPointer(rebasing: bytes[first..<position])) }
      remaining -= 1
      first = position + 1
    }
    guard remaining == 0, first < bytes.count else { return nil }
    return Text(bytes: UnsafeRawBufferPointer(rebasing: bytes[first..<bytes.count]))
  }

  /// Number of lines; a last one without an end counts.
  public var lineCount: Int {
    var count = 0
    for position in 0..<bytes.count where bytes[position] == 0x0A { count += 1 }
    return bytes.isEmpty || bytes[bytes.count - 1] == 0x0A ? count : count + 1
  }

  /// True when the bytes are well-formed UTF-8 without a zero byte.
  var isWellFormed: Bool {
    var position = 0
    while position < bytes.count {
      let length = sequenceLength(at: position)
      if length == 0 { return false }
      position += length
    }
    return true
  }

  /// Bytes of the code point at `position`; 0 when it is malformed (Unicode 16, table 3-7).
  private func sequenceLength(at position: Int) -> Int {
    let lead = bytes[position]
    if lead < 0x80 { return lead == 0 ? 0 : 1 }
    let length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0
    guard length > 0, position + length <= bytes.count else { return 0 }
    for offset in 1..<length where bytes[position + offset] & 0xC0 != 0x80 { return 0 }
    let second = bytes[position + 1]
    let isOverlongOrSurrogate =
      (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90)
      || (lead == 0xF4 && second > 0x8F)
    return isOverlongOrSurrogate ? 0 : length
  }
}

#if !hasFeature(Embedded)
  extension String {
    /// A copy of a model file's text.
    public init(_ text: Text) { self = text.withBytes { String(decoding: $0, as: UTF8.self) } }
  }
#endif
