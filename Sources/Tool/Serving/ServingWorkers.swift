import Dispatch
import FlyingFox
import Serving

/// A thread with a session of every model in arenas of its own, so that nothing is locked while networks run.
final class ServingWorker: @unchecked Sendable {
  private let queue: DispatchQueue
  /// Touched on the queue only.
  private let sessions: [String: PackedClassifier]

  init(_ number: Int, _ models: [ServedModel]) throws {
    queue = DispatchQueue(label: "martlet.worker.\(number)")
    sessions = Dictionary(
      try models.map { ($0.name, try PackedClassifier($0.path)) }, uniquingKeysWith: { first, _ in first })
  }

  /// Runs `body` with this worker's session of a model.
  func run<Value: Sendable>(
    _ model: ServedModel, _ body: @escaping @Sendable (PackedClassifier) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { [self] in
        continuation.resume(
          with: Result {
            guard let session = sessions[model.name] else { throw Refusal(.notFound, "There is no \(model.name).") }
            return try body(session)
          })
      }
    }
  }
}

/// Gives each request a worker; requests wait in the order in which they come, and no more than a few.
actor ServingWorkers {
  private var idle: [ServingWorker]
  private var waiting: [CheckedContinuation<ServingWorker, Never>] = []
  private let waitingAtMost: Int
  /// How many there are.
  nonisolated let count: Int

  init(_ models: [ServedModel], count: Int, waitingAtMost: Int) throws {
    idle = try (0..<count).map { try ServingWorker($0, models) }
    (self.count, self.waitingAtMost) = (count, waitingAtMost)
  }

  /// Runs `body` with a model's session on the next free worker.
  /// - Throws: `Refusal` (503) when too many wait already.
  nonisolated func run<Value: Sendable>(
    _ model: ServedModel, _ body: @escaping @Sendable (PackedClassifier) throws -> Value
  ) async throws -> Value {
    let worker = try await take()
    do {
      let value = try await worker.run(model, body)
      await give(worker)
      return value
    } catch {
      await give(worker)
      throw error
    }
  }

  private func take() async throws -> ServingWorker {
    if let worker = idle.popLast() { return worker }
    guard waiting.count < waitingAtMost else {
      throw Refusal(
        .serviceUnavailable, "\(waiting.count) requests wait already (--queue); ask again later.", retryAfterSeconds: 1)
    }
    return await withCheckedContinuation { waiting.append($0) }
  }

  private func give(_ worker: ServingWorker) {
    if waiting.isEmpty { idle.append(worker) } else { waiting.removeFirst().resume(returning: worker) }
  }
}
