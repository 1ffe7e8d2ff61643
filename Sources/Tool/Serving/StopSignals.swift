import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and requests to end: the first calls a function, the second ends the process as if nothing caught it.
final class StopSignals: @unchecked Sendable {
  private let sources: [any DispatchSourceSignal]

  init(_ body: @escaping @Sendable () -> Void) {
    let hasStopped = Mutex(false)
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        let isSecond = hasStopped.withLock { stopped in
          defer { stopped = true }
          return stopped
        }
        if isSecond {
          signal(number, SIG_DFL)
          // To the process: this thread blocks signals.
          kill(getpid(), number)
        } else {
          body()
        }
      }
      source.resume()
      return source
    }
  }

  func cancel() { for source in sources { source.cancel() } }
}

/// The first error of a task, for the thread that waits for it.
final class Failure: Sendable {
  private let stored = Mutex<(any Error)?>(nil)
  var error: (any Error)? { stored.withLock { $0 } }
  func set(_ error: any Error) { stored.withLock { $0 = $0 ?? error } }
}
