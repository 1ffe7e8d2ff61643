import ArgumentParser
import Foundation

/// Ctrl-C (SIGINT) and requests to end (SIGTERM) that wait until they are asked for, instead of ending the process in the
/// midst of its work.
struct Interruption {
  /// Holds them back from now on, in this thread and in those that it starts.
  init() { Self.change(SIG_BLOCK) }

  /// The signal that waits; nil: none.
  var pending: Int32? {
    var signals = sigset_t()
    sigpending(&signals)
    return [SIGINT, SIGTERM].first { sigismember(&signals, $0) == 1 }
  }

  /// Ends the work with the status of the signal that waits, if one does.
  func check() throws {
    if let signal = pending { throw ExitCode(Self.status(signal)) }
  }

  /// From now on signals end the process where it is; one that waits does so at once.
  func end() { Self.change(SIG_UNBLOCK) }

  private static func change(_ how: some BinaryInteger) {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(Int32(how), &signals, nil)
  }

  /// The exit status that shells expect of a program that a signal ended.
  static func status(_ signal: Int32) -> Int32 { 128 + signal }
}
