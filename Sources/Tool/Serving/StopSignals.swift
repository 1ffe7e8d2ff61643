import Foundation
import Synchronization

/// Where the handler of signals writes.
nonisolated(unsafe) private var stopPipe: Int32 = -1

/// Ctrl-C and requests to end: the first calls a function, the second ends the process as if nothing caught it. Both are taken by
/// a thread that is there from the start, since the system may have none left to give.
final class StopSignals: Sendable {
  /// - Parameters:
  ///   - seconds: after these the process ends with status 0 even where `body` could not do its work.
  ///   - body: what the first signal calls.
  init(endingAfter seconds: Double, _ body: @escaping @Sendable () -> Void) {
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    let reading = ends[0]
    stopPipe = ends[1]
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        let saved = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(stopPipe, &byte, 1)
        errno = saved
      }
    }
    Thread.detachNewThread {
      // Whoever starts the process may have blocked them in it: then they wait until one thread takes them.
      var taken = sigset_t()
      sigemptyset(&taken)
      for number in [SIGINT, SIGTERM, SIGALRM] { sigaddset(&taken, number) }
      pthread_sigmask(SIG_UNBLOCK, &taken, nil)
      var (number, hasStopped): (UInt8, Bool) = (0, false)
      while true {
        let count = read(reading, &number, 1)
        guard count == 1 else {
          if count < 0, errno == EINTR { continue }
          return
        }
        if hasStopped {
          signal(Int32(number), SIG_DFL)
          kill(getpid(), Int32(number))
        } else {
          hasStopped = true
          signal(SIGALRM) { _ in _exit(0) }
          alarm(UInt32(seconds.rounded(.up)))
          body()
        }
      }
    }
  }
}

/// The first error of a task, for the thread that waits for it.
final class Failure: Sendable {
  private let stored = Mutex<(any Error)?>(nil)
  var error: (any Error)? { stored.withLock { $0 } }
  func set(_ error: any Error) { stored.withLock { $0 = $0 ?? error } }
}
