import Foundation

/// Ctrl-C (SIGINT) and requests to end (SIGTERM) that wait until they are asked for, instead of ending the process in the
/// midst of its work.
struct Interruption {
  /// Holds them back from now on, in this thread and in those that it starts.
  init() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// The signal that waits; nil: none.
  var pending: Int32? {
    var signals = sigset_t()
    sigpending(&signals)
    return [SIGINT, SIGTERM].first { sigismember(&signals, $0) == 1 }
  }

  /// The exit status that shells expect of a program that a signal ended.
  static func status(_ signal: Int32) -> Int32 { 128 + signal }
}
