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
    let expected = (start + SelfTestRecord.byteCount).assumingMemoryBound(to: UInt32.self)
    var values = start + SelfTestRecord.byteCount + 4 * operatorCount
    for position in 0..<inputCount {
      let count = input(position).count * Int(input(position).elementBytes)
      try setInput(position, bytes: UnsafeRawBufferPointer(start: values, count: count).bytes)
      values += count
    }
    run(checks: &checks)
    for index in 0..<operatorCount where checks[index] != expected[index] {
      throw Fault(.selfTest, index: index, detail: Int(truncatingIfNeeded: checks[index]))
    }
  }

  /// Runs the whole network on what the inputs hold and leaves the CRC-32 of each operator's output, its stored bytes
  /// H×W×C without gaps, in `checks`.
  /// - Parameter checks: at least `operatorCount` elements.
  public mutating func run(checks: inout MutableSpan<UInt32>) {
    precondition(checks.count >= operatorCount)
    for index in 0..<operatorCount {
      run(operator: index)
      var rows = Step(model: view, index: index, arena: arena).outputRows
      rows.channels *= view.tensors[Int(truncatingIfNeeded: view.operators[index].output)].elementBytes
      checks[index] = martlet_rows_crc32(0, &rows, 0, rows.height)
    }
  }
}
