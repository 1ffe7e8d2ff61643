import CHost
import Martlet

/// What a thread calls: a class, because C keeps its address. Each thread has one of its own, so that no two count
/// references in the same place.
final class Body {
  let run: (Int, Int32) -> Void
  init(_ run: @escaping (Int, Int32) -> Void) { self.run = run }
}

/// The session, its stages and the threads' scratch, where all threads find them.
final class Team<Operators: OperatorSet> {
  let session: UnsafeMutablePointer<Session<Operators>>
  let threads: Int
  private(set) var pool: OpaquePointer?
  private let scratch: UnsafeMutableRawPointer
  private let stages: UnsafeMutableBufferPointer<Stage>
  private let pieceCounts: UnsafeMutablePointer<Int32>
  private let bodies: UnsafeMutablePointer<Unmanaged<Body>>

  init(_ session: consuming Session<Operators>, threads: Int) {
    let scratchBytes = session.scratchBytesPerThread
    scratch = .allocate(byteCount: max(1, scratchBytes * (threads - 1)), alignment: 64)
    self.threads = threads
    let list = threads > 1 ? session.stages(threads: threads) : []
    stages = .allocate(capacity: list.count)
    _ = stages.initialize(from: list)
    pieceCounts = .allocate(capacity: max(1, list.count))
    for (index, stage) in list.enumerated() { pieceCounts[index] = stage.pieces.count }
    self.session = .allocate(capacity: 1)
    self.session.initialize(to: session)
    bodies = .allocate(capacity: threads)
    let (place, stages, scratch) = (self.session, self.stages, self.scratch)
    for thread in 0..<threads {
      let own = thread == 0 ? nil : scratch + (thread - 1) * scratchBytes
      let body = Body { stage, piece in
        let stage = stages[stage]
        var number = stage.turns.lowerBound
        while number < stage.turns.upperBound {
          place.pointee.run(turn: number, piece: piece, of: stage.pieces, scratch: own)
          number += 1
        }
      }
      (bodies + thread).initialize(to: .passRetained(body))
    }
  }

  deinit {
    if let pool { martlet_host_pool_stop(pool) }
    for thread in 0..<threads { bodies[thread].release() }
    bodies.deallocate()
    session.deinitialize(count: 1)
    session.deallocate()
    pieceCounts.deallocate()
    stages.deallocate()
    scratch.deallocate()
  }

  /// Makes the pool; none for one thread, or when nothing is worth dividing. False when the system gives no threads.
  func start() -> Bool {
    guard threads > 1, stages.contains(where: { $0.pieces.count > 1 }) else { return true }
    let call: martlet_host_pool_body = { context, stage, piece, thread in
      guard let context else { return }
      let body = context.assumingMemoryBound(to: Unmanaged<Body>.self)[Int(thread)]
      body._withUnsafeGuaranteedRef { $0.run(Int(stage), piece) }
    }
    pool = martlet_host_pool_start(Int32(threads), pieceCounts, Int32(stages.count), call, bodies)
    return pool != nil
  }
}
