import Martlet

/// What the user gives as INPUT.
enum InputFile {
  /// Sets the session's inputs from a file's bytes: the int8 values of all inputs one after the other, or a picture.
  /// - Returns: false when the file is neither, or of another size.
  static func load<Operators: OperatorSet>(_ bytes: UnsafeRawBufferPointer, into session: inout Session<Operators>)
    throws(Fault) -> Bool
  {
    var needed = 0
    for position in 0..<session.inputCount { needed += session.input(position).count }
    if needed == bytes.count {
      var first = 0
      for position in 0..<session.inputCount {
        let count = session.input(position).count
        let part = UnsafeRawBufferPointer(rebasing: bytes[first..<first + count]).assumingMemoryBound(to: Int8.self)
        try session.setInput(position, part.span)
        first += count
      }
      return true
    }
    let input = session.input()
    guard let picture = Picture(bytes), session.inputCount == 1, picture.width == Int(input.width),
      picture.height == Int(input.height), picture.channels == Int(input.channels)
    else { return false }
    try session.setInput(pixels: picture.samples.span)
    return true
  }
}
