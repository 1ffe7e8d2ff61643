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

  /// Copies quantized values into an input of eight bits.
  /// - Throws: `inputOutput` when there is no such input or `values` is not of its size.
  public mutating func setInput(_ position: Int, _ values: Span<Int8>) throws(Fault) {
    try place(ofInput: position, count: values.count, .int8).set(values)
  }

  /// Copies values into an int16 input, as they are.
  /// - Throws: `inputOutput` when there is no such input or `values` is not of its size.
  public mutating func setInput(_ position: Int, _ values: Span<Int16>) throws(Fault) {
    let tensor = try place(ofInput: position, count: values.count, .int16)
    tensor.forEach { index, bytes in martlet_store_int16(bytes, values[index]) }
  }

  /// Copies an input's values from the bytes of a file: int8, or little-endian int16, as the input's element type is.
  /// - Throws: `inputOutput` when there is no such input or `bytes` is not of its size.
  public mutating func setInput(_ position: Int, bytes: RawSpan) throws(Fault) {
    let isInt16 = (0..<inputCount).contains(position) && input(position).element == .int16
    let elementBytes = isInt16 ? 2 : 1
    guard bytes.byteCount % elementBytes == 0 else { throw Fault(.inputOutput, index: position) }
    try place(ofInput: position, count: bytes.byteCount / elementBytes).set(bytes: bytes)
  }

  /// Fills an input with its zero point: real 0.
  /// - Throws: `inputOutput` when there is no such input.
  public mutating func fillInput(_ position: Int = 0) throws(Fault) {
    guard (0..<inputCount).contains(position) else { throw Fault(.inputOutput, index: position) }
    wholePlace(of: view.tensors + view.inputTensor(position)).fillWithZeroPoint()
  }

  /// Quantizes real values into an input: round to nearest even, clamped. NaN becomes the lowest value.
  /// - Throws: `inputOutput` when there is no such input or `values` is not of its size.
  public mutating func setInput(_ position: Int = 0, reals values: Span<Float>) throws(Fault) {
    try place(ofInput: position, count: values.count).set(reals: values)
  }

  /// Copies the quantized values of an output of eight bits.
  /// - Throws: `inputOutput` when there is no such output or `values` is not of its size.
  public func copyOutput(_ position: Int = 0, into values: inout MutableSpan<Int8>) throws(Fault) {
    try place(ofOutput: position, count: values.count, .int8).copy(into: &values)
  }

  /// Copies the values of an output of any element type.
  /// - Throws: `inputOutput` when there is no such output or `values` is not of its size.
  public func copyOutput(_ position: Int = 0, into values: inout MutableSpan<Int32>) throws(Fault) {
    let tensor = try place(ofOutput: position, count: values.count)
    tensor.forEach { index, bytes in values[index] = tensor.value(at: bytes) }
  }

  /// Copies an output's real values: scale × (q − zero point).
  /// - Throws: `inputOutput` when there is no such output or `values` is not of its size.
  public func copyOutput(_ position: Int = 0, reals values: inout MutableSpan<Float>) throws(Fault) {
    let tensor = try place(ofOutput: position, count: values.count)
    tensor.forEach { index, bytes in
      values[index] =
        Float(Int(tensor.value(at: bytes)) - Int(tensor.record.pointee.zeroPoint)) * tensor.record.pointee.scale
    }
  }

  /// Copies the quantized values of any tensor of eight bits as they are now, for comparisons layer by layer. Memory is
  /// shared: a tensor is whole only between its operator's last turn and its last reader's, and never when it is a ring.
  /// - Throws: `inputOutput` when there is no such tensor or `values` is not of its size.
  public func copyTensor(_ index: Int, into values: inout MutableSpan<Int8>) throws(Fault) {
    let isValid = (0..<view.tensorCount).contains(index)
    try place(ofTensor: index, isValid: isValid, count: values.count, .int8).copy(into: &values)
  }

  /// Copies the values of any tensor of any element type, likewise.
  /// - Throws: `inputOutput` when there is no such tensor or `values` is not of its size.
  public func copyTensor(_ index: Int, into values: inout MutableSpan<Int32>) throws(Fault) {
    let isValid = (0..<view.tensorCount).contains(index)
    let tensor = try place(ofTensor: index, isValid: isValid, count: values.count)
    tensor.forEach { index, bytes in values[index] = tensor.value(at: bytes) }
  }

  /// Copies rows of any tensor, right after the turn that computed them: H×W×C of these rows alone.
  /// - Throws: `inputOutput` when there is no such tensor, it holds no such rows, or `values` is not of their size.
  public func copyRows(_ rows: Range<Int32>, ofTensor index: Int, into values: inout MutableSpan<Int32>) throws(Fault) {
    guard (0..<view.tensorCount).contains(index) else { throw Fault(.inputOutput, index: index) }
    let tensor = view.tensors + index
    let rowCount = Int(tensor.pointee.width) * Int(tensor.pointee.channels)
    guard rows.lowerBound >= 0, rows.upperBound <= tensor.pointee.height, rows.count <= Int(tensor.pointee.rowsHeld),
      values.count == rows.count * rowCount
    else { throw Fault(.inputOutput, index: index, detail: rows.count * rowCount) }
    var first = 0
    var row = rows.lowerBound
    while row < rows.upperBound {
      let place = place(ofRow: row, tensor)
      place.forEach { index, bytes in values[first + index] = place.value(at: bytes) }
      first += rowCount
      row += 1
    }
  }

  func place(ofInput position: Int, count: Int, _ type: ElementType? = nil) throws(Fault) -> TensorPlace {
    let isValid = (0..<inputCount).contains(position)
    return try place(ofTensor: isValid ? view.inputTensor(position) : 0, isValid: isValid, count: count, type)
  }

  private func place(ofOutput position: Int, count: Int, _ type: ElementType? = nil) throws(Fault) -> TensorPlace {
    let isValid = (0..<outputCount).contains(position)
    return try place(ofTensor: isValid ? view.outputTensor(position) : 0, isValid: isValid, count: count, type)
  }

  /// - Parameter type: what the caller's values are; nil: anything.
  @inline(never)
  private func place(
    ofTensor index: Int, isValid: Bool, count: Int, _ type: ElementType? = nil
  ) throws(Fault) -> TensorPlace {
    guard isValid else { throw Fault(.inputOutput, index: index) }
    let record = view.tensors + index
    let needed = record.pointee.count
    guard record.pointee.rowsHeld == record.pointee.height, needed == count,
      type == nil || record.pointee.element == type
    else {
      throw Fault(.inputOutput, index: index, detail: needed)
    }
    return wholePlace(of: record)
  }

  /// All rows that a tensor holds.
  func wholePlace(of tensor: UnsafePointer<TensorRecord>) -> TensorPlace {
    TensorPlace(
      record: tensor, base: arena + Int(truncatingIfNeeded: tensor.pointee.arenaOffset),
      height: tensor.pointee.rowsHeld)
  }

  /// One row of a tensor.
  func place(ofRow row: Int32, _ tensor: UnsafePointer<TensorRecord>) -> TensorPlace {
    let slot = Int(row % tensor.pointee.rowsHeld)
    let offset =
      Int(truncatingIfNeeded: tensor.pointee.arenaOffset) + slot * Int(truncatingIfNeeded: tensor.pointee.rowPitchBytes)
    return TensorPlace(record: tensor, base: arena + offset, height: 1)
  }
}
