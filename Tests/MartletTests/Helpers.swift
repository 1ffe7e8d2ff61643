import CShim
import Martlet

/// The fault that verifying these bytes gives, or nil when they are accepted.
func fault(verifying file: [UInt8]) -> Fault? {
  let memory = GuardedMemory(copying: file)
  do throws(Fault) {
    _ = try Verifier<Every>.verify(memory.model)
    return nil
  } catch { return error }
}

/// Verifies, and when accepted runs in exactly `arenaBytes` between guard pages.
/// - Returns: the first output's values (of wider ones the last eight bits), or nil when the file was refused or its arena is larger than 16 MiB.
func outputIfAccepted(
  _ file: [UInt8], kernels: UnsafePointer<martlet_kernels> = martlet_best_kernels()
) -> [Int8]? {
  let memory = GuardedMemory(copying: file)
  do throws(Fault) {
    let model = try Verifier<Every>.verify(memory.model)
    guard model.arenaBytes <= 1 << 24 else { return nil }
    let arena = GuardedMemory(count: model.arenaBytes)
    arena.poison(0xA5)
    var session = try Session(model, arena: arena.bytes, kernels: kernels)
    for position in 0..<session.inputCount {
      let count = session.input(position).count * Int(session.input(position).elementBytes)
      let values = (0..<count).map { Int8(truncatingIfNeeded: $0 &* 37) }
      try session.setInput(position, bytes: values.span.bytes)
    }
    session.run()
    precondition(arena.isUntouchedBefore(0xA5), "the runtime wrote before the arena")
    var values = [Int32](repeating: 0, count: session.output().count)
    var span = values.mutableSpan
    try session.copyOutput(into: &span)
    return values.map { Int8(truncatingIfNeeded: $0) }
  } catch { return nil }
}
