/// Several threads in one session. Who makes the threads is the caller's affair.
extension Session {
  /// Bytes of scratch that each thread but the first brings along, 64-byte aligned.
  public var scratchBytesPerThread: Int {
    var most = 0
    for index in 0..<operatorCount { most = max(most, Int(truncatingIfNeeded: view.operators[index].scratchBytes)) }
    return (most + 63) / 64 * 64
  }

  /// Computes one thread's share of the whole network. Every thread of the team calls this at the same time with the same
  /// `shares` and a `share` of its own; the result has the same bytes as `run()`'s, and is complete when share 0 is done.
  /// - Parameters:
  ///   - share: 0 ..< shares.
  ///   - shares: how many threads there are.
  ///   - scratch: `scratchBytesPerThread` bytes of this thread's own; nil for share 0, which uses the arena's.
  ///   - meet: returns when all threads have called it as often, and makes visible what they wrote.
  #if !hasFeature(Embedded)
    @_specialize(where Operators == Every)
  #endif
  public func run(share: Int, of shares: Int, scratch: UnsafeMutableRawPointer?, meet: () -> Void) {
    let share = Int32(truncatingIfNeeded: share)
    let shares = Int32(truncatingIfNeeded: shares)
    let ownScratch = scratch?.assumingMemoryBound(to: UInt8.self)
    var isDivided = true
    for number in 0..<turnCount {
      let index = view.operatorIndex(ofTurn: number)
      if index < 0 { continue }
      var step = Step(model: view, index: index, arena: arena)
      let rows = view.rows(ofTurn: number)
      let wasDivided = isDivided
      let division = Division(step, rows: rows, shares: shares, splitsChannels: Operators.splitsChannels(step))
      isDivided = division != .none
      if isDivided || wasDivided { meet() }
      let part = division.share(step, rows: rows, index: share, of: shares)
      step.ownScratch = ownScratch
      step.blocks = part.blocks
      if !part.rows.isEmpty { Operators.run(step, rows: part.rows, kernels: kernels) }
    }
    if isDivided { meet() }
  }
}
