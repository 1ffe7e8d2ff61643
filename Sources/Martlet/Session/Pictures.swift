/// Pictures in.
extension Session {
  /// Puts a picture of exactly the size that the file's preprocessing asks for into the first input, each byte through
  /// the file's table: the result is what normalizing in float and quantizing gives.
  /// - Parameter pixels: height × width × 3 bytes, red first, or height × width × 1 for a gray input.
  /// - Throws: `text` when the file has no preprocessing, `inputOutput` when `pixels` is not of the right size or the
  ///   input is pushed row by row.
  public mutating func setInput(pixels: Span<UInt8>) throws(Fault) {
    let rule = try pixelRule()
    try place(ofInput: 0, count: pixels.count, .int8).set(pixels: pixels, rule)
  }

  func pixelRule() throws(Fault) -> UnsafePointer<PreprocessingRecord> {
    let section = view.section(.preprocessing)
    guard let start = section.baseAddress, !section.isEmpty else { throw Fault(.text) }
    return start.assumingMemoryBound(to: PreprocessingRecord.self)
  }
}
