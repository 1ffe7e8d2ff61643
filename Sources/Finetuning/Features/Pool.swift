import Foundation

/// Objects that several threads take turns with.
final class Pool<Element>: @unchecked Sendable {
  let elements: [Element]
  private let condition = NSCondition()
  private var free: [Int]

  init(_ elements: [Element]) {
    self.elements = elements
    free = Array(elements.indices)
  }

  func with<Result>(_ body: (Element) throws -> Result) rethrows -> Result {
    let index = condition.withLock {
      while free.isEmpty { condition.wait() }
      return free.removeLast()
    }
    defer {
      condition.withLock {
        free.append(index)
        condition.signal()
      }
    }
    return try body(elements[index])
  }
}
