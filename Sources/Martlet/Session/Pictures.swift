/// Pictures in.
extension Session {
  /// Puts a picture of exactly the size that the file's preprocessing asks for into the first input, each byte through
  /// the file's table: the result is what normalizing in float and quantizing gives.
  /// - Parameter pixels: height × width × 3 bytes, red first, or height × width × 1 for a gray input.
  /// - Throws: `text` when the file has no preprocessing, `inputOutput` when `pixels` is not of the right size.
  public mutating func setInput(pixels: Span<UInt8>) throws(Fault) {
    let section = view.section(.preprocessing)
    guard let start = section.baseAddress, !section.isEmpty else { throw Fault(.text) }
    let record = start.assumingMemoryBound(to: PreprocessingRecord.self)
    let tensor = try place(ofInput: 0, count: pixels.count, .int8)
    let channels = Int(record.pointee.channels)
    let blueFirst = channels == 3 && record.pointee.channelOrder == 1
    var channel = 0
    tensor.forEach { index, byte in
      let source = blueFirst ? index - channel + 2 - channel : index
      byte.pointee = record.pointee.pixelTable[channel * 256 + Int(pixels[source])]
      channel = channel + 1 == channels ? 0 : channel + 1
    }
  }
}
