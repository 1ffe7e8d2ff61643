import Martlet

/// What the user gives as INPUT.
enum InputFile {
  /// Sets the session's inputs from a file's bytes: the values of all inputs one after the other, int8 or
  /// little-endian int16 as the model has them, or a picture.
  /// - Returns: nil, or what is wrong with the file: the end of a sentence.
  static func load<Operators: OperatorSet>(
    _ bytes: UnsafeRawBufferPointer, into session: inout Session<Operators>, acceptsPictures: Bool
  )
    throws(Fault) -> StaticString?
  {
    var needed = 0
    for position in 0..<session.inputCount { needed += bytesOf(session.input(position)) }
    if needed == bytes.count {
      var first = 0
      for position in 0..<session.inputCount {
        let count = bytesOf(session.input(position))
        let part = UnsafeRawBufferPointer(rebasing: bytes[first..<first + count])
        if position > 0 || !session.takesRows { try session.setInput(position, bytes: part.bytes) }
        first += count
      }
      return nil
    }
    guard let picture = Picture(bytes) else {
      return "is neither a binary PPM or PGM picture nor as many int8 or int16 values as the model's inputs have"
    }
    let input = session.input()
    guard picture.width == Int(input.width), picture.height == Int(input.height),
      picture.channels == Int(input.channels)
    else { return "is a picture, but not of the model's input size and channels" }
    guard acceptsPictures else {
      return "is a picture, but the model does not say how pictures become its input: convert it with --preset"
    }
    if !session.takesRows { try session.setInput(pixels: picture.samples.span) }
    return nil
  }

  /// Gives the first input row by row, for models that take it so, from a file that `load` accepted.
  static func push<Operators: OperatorSet>(
    _ bytes: UnsafeRawBufferPointer, into session: inout Session<Operators>
  ) throws(Fault) {
    let input = session.input()
    var needed = 0
    for position in 0..<session.inputCount { needed += bytesOf(session.input(position)) }
    let picture = needed == bytes.count ? nil : Picture(bytes)
    let rowBytes = (picture == nil ? bytesOf(input) : input.count) / Int(input.height)
    for row in 0..<Int(input.height) {
      let range = row * rowBytes..<(row + 1) * rowBytes
      if let picture {
        try session.push(pixels: picture.samples.span.extracting(range))
      } else {
        try session.push(bytes: UnsafeRawBufferPointer(rebasing: bytes[range]).bytes)
      }
    }
  }

  private static func bytesOf(_ tensor: TensorRecord) -> Int { tensor.count * Int(tensor.elementBytes) }
}
