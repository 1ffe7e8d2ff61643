import CShim

/// Values in and out. All are H×W×C, channels adjacent, without gaps, whatever the pitch in the arena.
extension Session {
  /// Number of network inputs.
  public var inputCount: Int { view.inputCount }

  /// Number of network outputs.
  public var outputCount: Int { view.outputCount }

  /// Shape, scale and zero point of a network input.
  public func input(_ position: Int = 0) -> TensorRecord {
    precondition((0..<inputCount).contains(position))
    return view.tensors[view.inputTensor(position)]
  }

  /// Shape, scale and zero point of a network output.
  public func output(_ position: Int = 0) -> TensorRecord {
    precondition((0..<outputCount).contains(position))
    return view.tensors[view.outputTensor(position)]
  }

  /// Copies quantized values into the first input.
  /// - Throws: `inputOutput` when `values` is not of its size.
  public mutating func setInput(_ values: Span<Int8>) throws(Fault) { try setInput(0, values) }

  /// Copies quantized values into an input.
  /// - Throws: `inputOutput` when there is no such input or `values` is not of its size.
  public mutating func setInput(_ position: Int, _ values: Span<Int8>) throws(Fault) {
    let tensor = try place(ofInput: position, count: values.count)
    tensor.forEach { index, byte in byte.pointee = UInt8(bitPattern: values[index]) ^ 0x80 }
  }

  /// Fills an input with its zero point: real 0.
  /// - Throws: `inputOutput` when there is no such input.
  public mutating func fillInput(_ position: Int = 0) throws(Fault) {
    guard (0..<inputCount).contains(position) else { throw Fault(.inputOutput, index: position) }
    let tensor = try place(ofInput: position, count: input(position).count)
    let stored = UInt8(truncatingIfNeeded: tensor.record.zeroPoint + 128)
    tensor.forEach { _, byte in byte.pointee = stored }
  }

  /// Quantizes real values into an input: round to nearest even, clamped. NaN becomes the lowest value.
  /// - Throws: `inputOutput` when there is no such input or `values` is not of its size.
  public mutating func setInput(_ position: Int = 0, reals values: Span<Float>) throws(Fault) {
    let tensor = try place(ofInput: position, count: values.count)
    let scale = tensor.record.scale
    let zeroPoint = Float(Int(tensor.record.zeroPoint) + 128)
    tensor.forEach { index, byte in
      let steps = values[index] / scale
      let stored = roundToEven(steps > -512 ? min(steps, 512) : -512) + zeroPoint
      byte.pointee = stored > 0 ? UInt8(min(stored, 255)) : 0
    }
  }

  /// Copies an output's quantized values.
  /// - Throws: `inputOutput` when there is no such output or `values` is not of its size.
  public func copyOutput(_ position: Int = 0, into values: inout MutableSpan<Int8>) throws(Fault) {
    let tensor = try place(ofOutput: position, count: values.count)
    tensor.forEach { index, byte in values[index] = Int8(bitPattern: byte.pointee ^ 0x80) }
  }

  /// Copies an output's real values: scale × (q − zero point).
  /// - Throws: `inputOutput` when there is no such output or `values` is not of its size.
  public func copyOutput(_ position: Int = 0, reals values: inout MutableSpan<Float>) throws(Fault) {
    let tensor = try place(ofOutput: position, count: values.count)
    let zeroPoint = Int(tensor.record.zeroPoint) + 128
    tensor.forEach { index, byte in
      values[index] = Float(Int(byte.pointee) - zeroPoint) * tensor.record.scale
    }
  }

  /// Copies the quantized values of any tensor as they are now, for comparisons layer by layer. Memory is shared:
  /// a tensor is whole only between its operator's run and its last reader's.
  /// - Throws: `inputOutput` when there is no such tensor or `values` is not of its size.
  public func copyTensor(_ index: Int, into values: inout MutableSpan<Int8>) throws(Fault) {
    let tensor = try place(ofTensor: index, isValid: (0..<view.tensorCount).contains(index), count: values.count)
    tensor.forEach { index, byte in values[index] = Int8(bitPattern: byte.pointee ^ 0x80) }
  }

  func place(ofInput position: Int, count: Int) throws(Fault) -> TensorPlace {
    let isValid = (0..<inputCount).contains(position)
    return try place(ofTensor: isValid ? view.inputTensor(position) : 0, isValid: isValid, count: count)
  }

  private func place(ofOutput position: Int, count: Int) throws(Fault) -> TensorPlace {
    let isValid = (0..<outputCount).contains(position)
    return try place(ofTensor: isValid ? view.outputTensor(position) : 0, isValid: isValid, count: count)
  }

  private func place(ofTensor index: Int, isValid: Bool, count: Int) throws(Fault) -> TensorPlace {
    guard isValid else { throw Fault(.inputOutput, index: index) }
    let record = view.tensors[index]
    let needed = record.count
    guard needed == count else { throw Fault(.inputOutput, index: index, detail: needed) }
    return TensorPlace(record: record, base: arena + Int(truncatingIfNeeded: record.arenaOffset))
  }

  /// float32 in −512…512 to the nearest integer, ties to even, without a library: 1.5·2²³ leaves no bit for fractions.
  private func roundToEven(_ value: Float) -> Float { (value + 12_582_912) - 12_582_912 }
}

/// Where a tensor's bytes are.
struct TensorPlace {
  let record: TensorRecord
  let base: UnsafeMutablePointer<UInt8>

  /// Calls `body` with each value's number in H×W×C order and its byte.
  @inline(__always)
  func forEach(_ body: (Int, UnsafeMutablePointer<UInt8>) -> Void) {
    var index = 0
    for row in 0..<Int(record.height) {
      for column in 0..<Int(record.width) {
        let pixel =
          base + row * Int(truncatingIfNeeded: record.rowPitchBytes)
          + column * Int(truncatingIfNeeded: record.pixelPitchBytes)
        for channel in 0..<Int(record.channels) {
          body(index, pixel + channel)
          index += 1
        }
      }
    }
  }
}
