import Foundation

/// A team of threads that splits index ranges: the float engine's only parallelism.
public final class Workers: Sendable {
  /// Threads that work at once, the caller included.
  public let count: Int
  /// Memory of tensors that an evaluation no longer needs.
  let buffers = BufferPool()
  private let team: ThreadTeam

  /// A team of `count` threads; nil takes one a processor. The threads start when there is work to divide.
  public init(count: Int? = nil) {
    self.count = max(1, count ?? ProcessInfo.processInfo.activeProcessorCount)
    team = ThreadTeam(threads: self.count)
  }

  /// The caller's thread alone.
  static let one = Workers(count: 1)

  /// Calls `body` with disjoint ranges that cover 0..<total, at once on several threads, and returns when all are done.
  /// Inside `body`, and while another thread splits, everything is one range.
  public func split(_ total: Int, minimum: Int = 1, _ body: @Sendable (Range<Int>) -> Void) {
    let parts = max(1, min(count, total / max(1, minimum)))
    let isDivided = parts > 1 && team.run(parts) { part in body(total * part / parts..<total * (part + 1) / parts) }
    if !isDivided { body(0..<total) }
  }
}
