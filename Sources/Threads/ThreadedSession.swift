import CHost
import Martlet

/// A session that several threads run together, with the same bytes as the answer. The threads are made here and end
/// with it; a run neither allocates nor takes a lock. With one thread there is no pool at all.
public struct ThreadedSession<Operators: OperatorSet>: ~Copyable {
  private let team: Team<Operators>

  /// Starts `threads` − 1 threads for `session`.
  /// - Throws: `ThreadsError` when the system gives no threads, or their number makes no sense.
  public init(_ session: consuming Session<Operators>, threads: Int) throws(ThreadsError) {
    team = Team(session, threads: max(1, min(threads, ThreadsError.most)))
    guard team.threads == threads, team.start() else { throw ThreadsError(threads: threads) }
  }

  /// Runs the whole network on what the inputs hold.
  public mutating func run() {
    if let pool = team.pool { martlet_host_pool_run(pool) } else { team.session.pointee.run() }
  }

  /// The session: inputs, outputs, runs on this thread alone. Not to be used while `run` runs.
  public mutating func withSession<Result, Failure: Error>(
    _ body: (inout Session<Operators>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(&team.session.pointee)
  }
}

/// The system gives no threads, or their number makes no sense.
public struct ThreadsError: Error, CustomStringConvertible {
  /// How many were wanted.
  public let threads: Int
  /// The most that a pool has.
  public static var most: Int { 256 }
  /// Number, reason and remedy.
  public var description: String {
    (1...ThreadsError.most).contains(threads)
      ? "The system gives no \(threads) threads; ask for fewer."
      : "\(threads) threads are not possible; ask for 1 to \(ThreadsError.most)."
  }
}
