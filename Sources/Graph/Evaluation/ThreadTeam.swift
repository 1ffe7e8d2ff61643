import CHost
import Synchronization

/// Threads that compute numbered parts of something together. Between two tasks they look for the next one for a tenth of
/// a millisecond and then sleep, so that the small layers of a network are worth dividing.
final class ThreadTeam: @unchecked Sendable {
  private let threads: Int
  /// Who holds it may touch everything below.
  private let isTaken = Atomic<Bool>(false)
  private var pool: OpaquePointer?
  /// The pool's only stage: how many parts it has.
  private let parts: UnsafeMutablePointer<Int32>
  private var compute: (@Sendable (Int) -> Void)?

  init(threads: Int) {
    self.threads = threads
    parts = .allocate(capacity: 1)
    parts.initialize(to: 1)
  }

  deinit {
    if let pool { martlet_host_pool_stop(pool) }
    parts.deallocate()
  }

  /// Calls `body` with 0..<`count`, at once on several threads, and returns when all are done. False: the team is at
  /// work or the system gives no threads, and nothing was called.
  func run(_ count: Int, _ body: @Sendable (Int) -> Void) -> Bool {
    guard isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else { return false }
    defer { isTaken.store(false, ordering: .releasing) }
    guard let pool = startedPool() else { return false }
    return withoutActuallyEscaping(body) { body in
      parts.pointee = Int32(count)
      compute = body
      martlet_host_pool_run(pool)
      compute = nil
      return true
    }
  }

  private func startedPool() -> OpaquePointer? {
    if let pool { return pool }
    let context = Unmanaged.passUnretained(self).toOpaque()
    pool = martlet_host_pool_start(
      Int32(threads), parts, 1,
      { context, _, part, _ in
        guard let context else { return }
        Unmanaged<ThreadTeam>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.compute?(Int(part)) }
      }, context)
    return pool
  }
}
