import CShim
import Martlet

/// Pairs of a value written and a value read up to which an accepted model is run: some hundredths of a second.
private let runnableWork = 1 << 26

/// Verifies the bytes, with checksums made right, and runs what is accepted in an arena of exactly its size.
func fuzzModel(_ bytes: [UInt8]) -> FuzzTarget.Outcome {
  let file = sealed(bytes)
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: file.count, alignment: 64)
  defer { memory.deallocate() }
  memory.copyBytes(from: file)
  do throws(Fault) {
    let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(memory))
    guard model.arenaBytes <= 1 << 22, work(of: model) < runnableWork else { return .accepted }
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
    return .accepted
  } catch { return .refused }
}

/// At least the steps of a run, as every value of an output may read every value of the operator's inputs, weights and table.
private func work(of model: borrowing Verified<Every>) -> Int {
  var total = 0
  for index in 0..<model.operatorCount {
    let record = model.operatorRecord(index)
    var read = Int(record.table.bytes)
    for position in 0..<Int(record.inputCount) {
      read += model.tensor(model.inputTensor(ofOperator: index, position)).count
    }
    let (product, overflow) = model.tensor(Int(record.output)).count.multipliedReportingOverflow(by: max(1, read))
    total += overflow ? runnableWork : min(product, runnableWork)
  }
  return total
}

/// The bytes with the checksums of header and body that a writer of this file would have given it.
func sealed(_ bytes: [UInt8]) -> [UInt8] {
  guard bytes.count >= Header.byteCount else { return bytes }
  var file = bytes
  let stated = file.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self) }
  let end = min(file.count, Int(clamping: stated))
  if end >= Header.byteCount { put(checksum(file[Header.byteCount..<end]), at: 24, in: &file) }
  put(0, at: 28, in: &file)
  put(checksum(file[0..<Header.byteCount]), at: 28, in: &file)
  return file
}

private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  bytes.withUnsafeBufferPointer { martlet_checksum($0.baseAddress, $0.count) }
}

private func put(_ word: UInt32, at offset: Int, in file: inout [UInt8]) {
  for byte in 0..<4 { file[offset + byte] = UInt8(truncatingIfNeeded: word >> (8 * byte)) }
}
