#if !hasFeature(Embedded)
  import CShim

  /// Several threads in one session. Who makes the threads is the caller's affair.
  extension Session {
    /// Bytes of scratch that each thread but the first brings along, 64-byte aligned.
    public var scratchBytesPerThread: Int {
      var most = 0
      for index in 0..<operatorCount { most = max(most, Int(truncatingIfNeeded: view.operators[index].scratchBytes)) }
      return (most + 63) / 64 * 64
    }

    /// How `threads` threads divide turn number `number`: so that the pieces are as even as rows and channels allow, and
    /// not at all when telling another thread would take longer than the work.
    public func pieces(ofTurn number: Int, threads: Int) -> Pieces {
      precondition((0..<turnCount).contains(number))
      let index = view.operatorIndex(ofTurn: number)
      guard index >= 0 else { return .whole }
      let step = Step(model: view, index: index, arena: arena)
      let division = Division(step, rows: view.rows(ofTurn: number))
      return division.pieces(threads: Int32(truncatingIfNeeded: threads), Operators.grain(step))
    }

    /// Computes one piece of turn number `number`. All pieces together, in any order and at the same time on several
    /// threads, give the bytes of `run(turn:)`; all turns before must be complete.
    /// - Parameters:
    ///   - number: the turn's.
    ///   - piece: 0 ..< pieces.count.
    ///   - pieces: what `pieces(ofTurn:threads:)` said.
    ///   - scratch: `scratchBytesPerThread` bytes of this thread's own; nil for one of the threads, which uses the arena's.
    @_specialize(where Operators == Every)
    @inline(never)
    public func run(turn number: Int, piece: Int32, of pieces: Pieces, scratch: UnsafeMutableRawPointer?) {
      let index = view.operatorIndex(ofTurn: number)
      if index < 0 { return }
      var step = Step(model: view, index: index, arena: arena)
      step.ownScratch = scratch?.assumingMemoryBound(to: UInt8.self)
      var rows = view.rows(ofTurn: number)
      if pieces.count > 1 {
        switch pieces.axis {
        case .rows:
          let part = pieces.part(piece, of: rows.upperBound - rows.lowerBound)
          rows = rows.lowerBound + part.lowerBound..<rows.lowerBound + part.upperBound
        case .blocks:
          let part = pieces.part(piece, of: (step.output.channels + 15) / 16)
          guard !part.isEmpty else { return }
          step.blocks = part
        }
      }
      if !rows.isEmpty { Operators.run(step, rows: rows, kernels: kernels) }
    }
  }
#endif
