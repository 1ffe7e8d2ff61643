import CHost
import FlyingFox
import Synchronization

/// Memory that requests may need, promised before they take it. What the system would not give is refused while it can still
/// be refused: memory that runs out later ends the process, which nobody can answer.
public final class MemoryRoom: Sendable {
  private let promised = Mutex(0)
  /// Kept for the stacks of two threads that may have to begin: where the system gives none, requests would wait for ever.
  private static let threadBytes = 16 << 20

  /// Nothing is promised yet.
  public init() {}

  /// Promises so many bytes, to be given back.
  /// - Throws: `Refusal` (503) where the system would not give them besides all that others were promised.
  public func promise(_ bytes: Int) throws(Refusal) {
    let isThere = promised.withLock { promised in
      let (sum, overflow) = promised.addingReportingOverflow(max(0, bytes))
      guard !overflow, sum < .max - Self.threadBytes, martlet_host_has_memory(sum + Self.threadBytes) != 0 else {
        return false
      }
      promised = sum
      return true
    }
    guard isThere else {
      throw Refusal(
        .serviceUnavailable,
        "There is not enough memory for this request at this moment: ask again later, or send less.",
        retryAfterSeconds: 1)
    }
  }

  /// The end of a promise of so many bytes.
  public func giveBack(_ bytes: Int) { promised.withLock { $0 -= max(0, bytes) } }
}
