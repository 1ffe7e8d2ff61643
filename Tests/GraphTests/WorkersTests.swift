import Foundation
import Synchronization
import Testing

@testable import Graph

/// How often each index of 0..<`count` was seen, counted from any thread.
private final class Counts: Sendable {
  let seen: Mutex<[Int]>
  init(_ count: Int) { seen = Mutex(Array(repeating: 0, count: count)) }
  func add(_ range: Range<Int>) { seen.withLock { for index in range { $0[index] += 1 } } }
  var all: [Int] { seen.withLock { $0 } }
}

@Suite struct WorkersTests {
  @Test(arguments: [1, 2, 3, 8], [0, 1, 2, 7, 1000])
  func everyIndexComesOnce(threads: Int, total: Int) {
    let workers = Workers(count: threads)
    for _ in 0..<20 {
      let counts = Counts(total)
      workers.split(total) { counts.add($0) }
      #expect(counts.all == Array(repeating: 1, count: total))
    }
  }

  @Test func smallWorkIsOneRange() {
    let ranges = Mutex<[Range<Int>]>([])
    Workers(count: 4).split(10, minimum: 6) { range in ranges.withLock { $0.append(range) } }
    #expect(ranges.withLock { $0 } == [0..<10])
  }

  @Test func largeWorkReachesSeveralThreads() {
    let workers = Workers(count: 2)
    let threads = Mutex<Set<ObjectIdentifier>>([])
    // A part waits for the other one, so that no thread can take both.
    let arrived = Mutex(0)
    workers.split(2) { _ in
      arrived.withLock { $0 += 1 }
      let patience = Date().addingTimeInterval(20)
      while arrived.withLock({ $0 }) < 2, Date() < patience {}
      _ = threads.withLock { $0.insert(ObjectIdentifier(Thread.current)) }
    }
    #expect(threads.withLock { $0.count } == 2)
  }

  @Test func splittingInsideOfSplitting() {
    let workers = Workers(count: 3)
    let counts = Counts(300)
    workers.split(3) { outer in
      for part in outer { workers.split(100) { counts.add(part * 100 + $0.lowerBound..<part * 100 + $0.upperBound) } }
    }
    #expect(counts.all == Array(repeating: 1, count: 300))
  }

  @Test func severalCallersShareOneTeam() {
    let workers = Workers(count: 2)
    let counts = Counts(4 * 500 * 10)
    DispatchQueue.concurrentPerform(iterations: 4) { caller in
      for turn in 0..<500 {
        let base = (caller * 500 + turn) * 10
        workers.split(10) { counts.add(base + $0.lowerBound..<base + $0.upperBound) }
      }
    }
    #expect(counts.all == Array(repeating: 1, count: 20000))
  }
}
