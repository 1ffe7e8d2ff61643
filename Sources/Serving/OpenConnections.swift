import Synchronization

/// The connections that are open, and until when each may wait for its client.
final class OpenConnections: Sendable {
  private struct Entry {
    var task: Task<Void, Never>?
    var deadline: ContinuousClock.Instant?
    var isIdle = true
  }

  private struct State {
    var entries: [Int: Entry] = [:]
    var next = 0
    var isEnding = false
  }

  private let most: Int
  private let state = Mutex(State())

  init(most: Int) { self.most = most }

  var count: Int { state.withLock { $0.entries.count } }
  /// Whether the server ends, so that no connection takes another request.
  var isEnding: Bool { state.withLock { $0.isEnding } }

  /// A place for a new connection; nil: there is none.
  func open() -> Int? {
    state.withLock { state in
      guard state.entries.count < most, !state.isEnding else { return nil }
      state.next += 1
      state.entries[state.next] = Entry()
      return state.next
    }
  }

  /// The task that serves a connection.
  func set(_ task: Task<Void, Never>, of connection: Int) {
    state.withLock { $0.entries[connection]?.task = task }
  }

  /// What the connection does from now on, and how long it may take; nil: as long as it needs.
  func wait(_ connection: Int, seconds: Double?, isIdle: Bool = false) {
    state.withLock { state in
      state.entries[connection]?.deadline = seconds.map { .now + .seconds($0) }
      state.entries[connection]?.isIdle = isIdle
    }
  }

  func close(_ connection: Int) { state.withLock { $0.entries[connection] = nil } }

  /// Ends connections that have waited too long.
  func endLate(at now: ContinuousClock.Instant = .now) {
    end { $0.deadline.map { $0 < now } ?? false }
  }

  /// Takes no more connections and ends those that wait for a request.
  func endIdle() {
    state.withLock { $0.isEnding = true }
    end { $0.isIdle }
  }

  func endAll() { end { _ in true } }

  private func end(where isDue: (Entry) -> Bool) {
    let tasks = state.withLock { $0.entries.values.filter(isDue).compactMap(\.task) }
    for task in tasks { task.cancel() }
  }
}
