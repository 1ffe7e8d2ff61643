import Foundation

extension Dataset {
  /// Decodes items on several threads while the caller works on those before, which it gets in order, on its own thread. An
  /// item that no thread has begun when the caller wants it is decoded on the caller's: so all come even where the system
  /// gives no more threads.
  ///
  /// - Parameters:
  ///   - indices: the items, in the order in which they are wanted.
  ///   - threads: threads that decode; none: the caller's alone. At most twice as many items are held at a time.
  ///   - prepare: turns an item into what is wanted, on the thread that decoded it.
  ///   - consume: gets the number in `indices` and the result; throwing stops everything.
  public func prefetch<Prepared: Sendable>(
    _ indices: [Int], threads: Int = 2, prepare: @escaping @Sendable (Item) throws -> Prepared,
    consume: (_ number: Int, _ prepared: Prepared) throws -> Void
  ) throws {
    try prefetch(
      indices, threads: threads, prepare: prepare, attempt: { number, result in try consume(number, result.get()) })
  }

  /// The same for a caller who goes on after an item that cannot be read or prepared.
  /// - Parameters:
  ///   - indices: the items' numbers, in the order in which they are handed over.
  ///   - threads: how many items are read and prepared at once.
  ///   - prepare: what a thread makes of an item.
  ///   - attempt: gets the number in `indices` and the result or what was thrown; throwing stops everything.
  public func prefetch<Prepared: Sendable>(
    _ indices: [Int], threads: Int = 2, prepare: @escaping @Sendable (Item) throws -> Prepared,
    attempt: (_ number: Int, _ result: Result<Prepared, any Error>) throws -> Void
  ) throws {
    let queue = PrefetchQueue<Prepared>(count: indices.count, capacity: 2 * max(1, threads))
    let make: @Sendable (Int) -> Result<Prepared, any Error> = { number in
      Result { try prepare(try item(indices[number])) }
    }
    for _ in 0..<max(0, threads) {
      let thread = Thread {
        while let number = queue.take() { queue.put(number, make(number)) }
      }
      // Decoders keep buffers on the stack.
      thread.stackSize = 4 << 20
      thread.start()
    }
    defer { queue.stop() }
    for number in indices.indices {
      if queue.takes(number) { queue.put(number, make(number)) }
      try attempt(number, queue.get(number))
    }
  }
}

/// Numbers handed out in order, results handed back in order, never more than `capacity` between the two.
private final class PrefetchQueue<Prepared: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private let count: Int
  private let capacity: Int
  private var taken = 0
  private var consumed = 0
  private var isStopped = false
  private var results: [Int: Result<Prepared, any Error>] = [:]

  init(count: Int, capacity: Int) { (self.count, self.capacity) = (count, capacity) }

  func take() -> Int? {
    condition.withLock {
      while !isStopped, taken < count, taken - consumed >= capacity { condition.wait() }
      guard !isStopped, taken < count else { return nil }
      taken += 1
      return taken - 1
    }
  }

  /// Whether the caller has to make the result of this number, because nobody has begun it.
  func takes(_ number: Int) -> Bool {
    condition.withLock {
      guard taken == number else { return false }
      taken += 1
      return true
    }
  }

  func put(_ number: Int, _ result: Result<Prepared, any Error>) {
    condition.withLock {
      results[number] = result
      condition.broadcast()
    }
  }

  func get(_ number: Int) -> Result<Prepared, any Error> {
    condition.withLock {
      while results[number] == nil { condition.wait() }
      consumed = number + 1
      condition.broadcast()
      return results.removeValue(forKey: number)!
    }
  }

  func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
    }
  }
}
