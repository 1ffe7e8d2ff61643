import CAllocationCounter
import CShim
import Martlet
import Testing

/// No heap allocation from `Session.init` to the last run.
@Suite(.enabled(if: allocation_counter_is_active() == 1, "needs glibc without a sanitizer"))
struct AllocationTests {
  @inline(never) private func allocations(_ body: () -> Void) -> UInt64 {
    let before = allocation_counter_count()
    body()
    return allocation_counter_count() - before
  }

  @Test func theCounterCounts() {
    var kept: [Int] = []
    #expect(allocations { kept = Array(repeating: 1, count: 1000) } > 0)
    #expect(kept.count == 1000)
  }

  /// The first round warms up: debug builds make generic metadata at first use.
  @Test func fromInitToTheLastRun() throws {
    let memory = GuardedMemory(copying: SampleModels.everyOperator().bytes())
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    let input = [Int8](repeating: 1, count: 108)
    let reals = [Float](repeating: 1, count: 108)
    let pixels = [UInt8](repeating: 1, count: 108)
    var output = [Int8](repeating: 0, count: 10)
    var durations = [UInt64](repeating: 0, count: model.operatorCount)
    var checks = [UInt32](repeating: 0, count: model.operatorCount)
    let round = {
      do throws(Fault) {
        var session = try Session(model, arena: arena.bytes)
        var span = output.mutableSpan
        var durationSpan = durations.mutableSpan
        var checkSpan = checks.mutableSpan
        for _ in 0..<10 {
          try session.setInput(input.span)
          session.run()
          try session.setInput(reals: reals.span)
          try session.setInput(pixels: pixels.span)
          session.run(clock: { 0 }, durations: &durationSpan)
          session.run(checks: &checkSpan, pushing: input.span.bytes)
          try session.copyOutput(into: &span)
        }
      } catch { Issue.record("\(error)") }
    }
    round()
    #expect(allocations(round) == 0)
  }

  @Test func verifyingAllocatesNothing() {
    let memory = GuardedMemory(copying: SampleModels.everyOperator().bytes())
    let model = memory.model
    let round = {
      do throws(Fault) { _ = try Verifier<Every>.verify(model) } catch { Issue.record("\(error)") }
    }
    round()
    #expect(allocations(round) == 0)
  }
}
