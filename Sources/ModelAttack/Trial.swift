import Martlet

/// A trial of bytes as a packed model: the checksums are made right, the Verifier decides, and what it accepts runs in an arena
/// of exactly its size. Both lie in memory of their own, so that the address sanitizer ends the process at the first byte read
/// or written outside.
public struct Trial: Sendable {
  /// How a trial ended.
  public enum Outcome: Sendable {
    /// Refused by the Verifier.
    case refused
    /// Accepted, and it ran.
    case ran
    /// Accepted, and not run: the arena is larger, or a run longer, than the trial's bounds.
    case notRun
  }

  /// Bytes of the largest arena that is run.
  public var arenaBytes: Int
  /// Pairs of a value written and a value or weight read up to which a model is run.
  public var work: Int

  /// Trials with these bounds. The default ones are about a hundredth of a second a run.
  public init(arenaBytes: Int = 1 << 22, work: Int = 1 << 24) {
    self.arenaBytes = arenaBytes
    self.work = work
  }

  /// Tries these bytes.
  public func run(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    defer { memory.deallocate() }
    memory.copyMemory(from: bytes)
    return run(sealing: memory)
  }

  /// Tries bytes that begin at a multiple of 64, and leaves them with checksums that fit them.
  func run(sealing memory: UnsafeMutableRawBufferPointer) -> Outcome {
    seal(memory)
    do throws(Fault) {
      let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(memory))
      guard model.arenaBytes <= arenaBytes, isShort(model) else { return .notRun }
      let arena = UnsafeMutableRawBufferPointer.allocate(byteCount: model.arenaBytes, alignment: 64)
      defer { arena.deallocate() }
      _ = arena.initializeMemory(as: UInt8.self, repeating: 0xA5)
      var session = try Session(model, arena: arena)
      for position in 0..<session.inputCount {
        let input = session.input(position)
        let values = (0..<input.count * Int(input.elementBytes)).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        try session.setInput(position, bytes: values.span.bytes)
      }
      session.run()
      var values = [Int32](repeating: 0, count: session.output().count)
      var span = values.mutableSpan
      try session.copyOutput(into: &span)
      return .ran
    } catch { return .refused }
  }

  /// Whether the steps of all operators stay within `work`.
  private func isShort(_ model: borrowing Verified<Every>) -> Bool {
    var total = 0
    for index in 0..<model.operatorCount {
      let record = model.operatorRecord(index)
      let output = model.tensor(Int(record.output))
      var read = Int(record.table.bytes)
      for position in 0..<Int(record.inputCount) {
        read += model.tensor(model.inputTensor(ofOperator: index, position)).count
      }
      let (product, overflow) =
        switch record.code {
        case Conv2D.code, DepthwiseConv2D.code, FullyConnected.code:
          // Each position of the output reads each weight once.
          (Int(output.height) * Int(output.width)).multipliedReportingOverflow(by: Int(record.weights.bytes))
        case MaxPool2D.code, AveragePool2D.code:
          output.count.multipliedReportingOverflow(by: Int(record.parameters[0]) * Int(record.parameters[1]))
        case LocalResponseNormalization.code:
          // Each value of the output reads its neighbours among the channels.
          output.count.multipliedReportingOverflow(
            by: min(Int(record.parameters[0]) + Int(record.parameters[1]) + 1, Int(output.channels)))
        case Add.code, Multiply.code, Activation.code, Concat.code, Slice.code, Pad.code, Transpose.code:
          (output.count + read, false)
        // Each value of the output may read every value of the inputs and the table.
        default: output.count.multipliedReportingOverflow(by: max(1, read))
        }
      total += overflow ? work : min(product, work)
      if total >= work { return false }
    }
    return true
  }
}
