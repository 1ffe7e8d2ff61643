import CShim

/// The built-in test: the file's own input, and a CRC-32 of what each operator must make of it. It shows in one run that a
/// build on a device computes what the host computed, and if not, which operator is the first that does not.
extension Session {
  /// Whether the file has a self-test.
  public var hasSelfTest: Bool { !view.section(.selfTest).isEmpty }

  /// Runs the network on the self-test's input and compares every operator's output.
  /// - Parameter checks: room for `operatorCount` elements; afterwards the CRC-32 of each operator's output.
  /// - Throws: `selfTest` with the first operator whose output differs, or without one when the file has no self-test.
  public mutating func selfTest(checks: inout MutableSpan<UInt32>) throws(Fault) {
    let section = view.section(.selfTest)
    guard let start = section.baseAddress, !section.isEmpty else { throw Fault(.selfTest) }
    reset()
    let expected = (start + SelfTestRecord.byteCount).assumingMemoryBound(to: UInt32.self)
    let first = start + SelfTestRecord.byteCount + 4 * operatorCount
    var values = first
    for position in 0..<inputCount {
      let tensor = view.tensors + view.inputTensor(position)
      if position > 0 || !takesRows { wholePlace(of: tensor).set(values) }
      values += Int(truncatingIfNeeded: tensor.pointee.valueBytes)
    }
    run(checks: &checks, pushing: UnsafeRawBufferPointer(start: first, count: values - first).bytes)
    for index in 0..<operatorCount where checks[index] != expected[index] {
      throw Fault(.selfTest, index: index, detail: Int(truncatingIfNeeded: checks[index]))
    }
  }

  /// Runs the whole network on what the inputs hold and leaves the CRC-32 of each operator's output, its stored bytes
  /// H×W×C without gaps, in `checks`.
  /// - Parameters:
  ///   - checks: at least `operatorCount` elements.
  ///   - input: the first input's values, as `setInput(_:bytes:)` takes them, for a model that is given it row by row;
  ///     else not read.
  public mutating func run(checks: inout MutableSpan<UInt32>, pushing input: RawSpan) {
    precondition(checks.count >= operatorCount)
    for index in 0..<operatorCount { checks[index] = 0 }
    for number in 0..<turnCount {
      let index = view.operatorIndex(ofTurn: number)
      if index < 0 { setRows(view.rows(ofTurn: number), of: input) }
      runTurn(number)
      guard index >= 0 else { continue }
      let computed = view.rows(ofTurn: number)
      let step = Step(model: view, index: index, arena: arena)
      var rows = step.outputRows
      rows.channels = step.outputTensor.pointee.pixelBytes
      checks[index] = martlet_rows_crc32(checks[index], &rows, computed.lowerBound, computed.upperBound)
    }
  }

  private mutating func setRows(_ rows: Range<Int32>, of values: RawSpan) {
    let record = view.tensors + view.inputTensor(0)
    let rowBytes = Int(record.pointee.width) * Int(record.pointee.pixelBytes)
    precondition(Int(rows.upperBound) * rowBytes <= values.byteCount)
    values.withUnsafeBytes { values in
      guard let start = values.baseAddress else { return }
      var row = rows.lowerBound
      while row < rows.upperBound {
        place(ofRow: row, record).set(start + Int(row) * rowBytes)
        row += 1
      }
    }
  }
}
